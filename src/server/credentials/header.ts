// Holds equipping with static values in headers.

import type { Equipment } from '../../gateway/equipment.ts'
import { headerEquipment, type Equipped, type Equipping } from './equipping.ts'
import { onward, together, type Opened } from './source.ts'

/** Each value after its prefix. */
export function equipHeader({ auth, open }: Equipping<'header'>): Equipped {
  const { more = [], perCall } = auth
  if (more.length === 0) return onward(open(auth.secret, perCall), (value) => one(auth, value))
  const all = [auth, ...more]
  const opened = together(all.map(({ secret }) => open(secret, perCall)))
  return onward(opened, (values) => joined(all.map((of, at) => one(of, values[at]!))))
}

function one(
  { header, prefix = '' }: { readonly header: string; readonly prefix?: string },
  { value, id, conclude }: Opened,
): Equipment {
  return headerEquipment(header, `${prefix}${value}`, {
    secrets: [value],
    account: id,
    used: [id],
    ...(conclude !== undefined && { conclude }),
  })
}

function joined(parts: readonly Equipment[]): Equipment {
  const used = parts.flatMap((part) => part.used)
  const concludes = parts.flatMap(({ conclude }) => conclude ?? [])
  const [first] = parts
  return {
    ...first!,
    headers: Object.assign({}, ...parts.map(({ headers }) => headers)) as Equipment['headers'],
    secrets: parts.flatMap(({ secrets }) => secrets),
    account: used.join(' '),
    used,
    ...(concludes.length > 0 && {
      conclude: async () => {
        await Promise.all(concludes.map((conclude) => conclude()))
      },
    }),
  }
}
