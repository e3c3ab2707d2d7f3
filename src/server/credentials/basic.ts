// Holds equipping with a user-id and a password (RFC 7617).

import { headerEquipment, type Equipped, type Equipping } from './equipping.ts'
import { onward } from './source.ts'

/** The pair, in UTF-8 (§2.1). */
export function equipBasic({ auth, open }: Equipping<'basic'>): Equipped {
  const { user, secret, perCall } = auth
  return onward(open(secret, perCall), ({ value, id, conclude }) => {
    const pair = Buffer.from(`${user}:${value}`).toString('base64')
    return headerEquipment('authorization', `Basic ${pair}`, {
      secrets: [value, pair],
      account: id,
      used: [id],
      ...(conclude !== undefined && { conclude }),
    })
  })
}
