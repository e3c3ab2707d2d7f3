// Holds equipping with a static value in a header.

import { headerEquipment, type Equipped, type Equipping } from './equipping.ts'
import { onward } from './source.ts'

/** The value after its prefix. */
export function equipHeader({ auth, open }: Equipping<'header'>): Equipped {
  const { header, prefix = '', secret, perCall } = auth
  return onward(open(secret, perCall), ({ value, id, conclude }) =>
    headerEquipment(header, `${prefix}${value}`, {
      secrets: [value],
      account: id,
      used: [id],
      ...(conclude !== undefined && { conclude }),
    }),
  )
}
