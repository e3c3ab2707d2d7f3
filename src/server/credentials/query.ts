// Holds equipping with a static value in the query of the URL, for systems that take it nowhere else.

import { NOTHING_EQUIPPED } from '../../gateway/equipment.ts'
import type { Equipped, Equipping } from './equipping.ts'
import { onward } from './source.ts'

/** The value as it is; whoever puts it on the URL encodes it. */
export function equipQuery({ auth, open }: Equipping<'query'>): Equipped {
  const { parameter, secret } = auth
  return onward(open(secret), ({ value, id }) => ({
    ...NOTHING_EQUIPPED,
    query: { [parameter]: value },
    secrets: [value],
    account: id,
    used: [id],
  }))
}
