// Holds the equipment of one call on its way to a gateway: what is data travels, what signs stays here.

import type { Equipment, SignedRequest } from '../../gateway/equipment.ts'
import type { LinkEquipment } from '../../wire/link.ts'

/** What of it travels. */
export function toLink({ conclude: _conclude, sign, ...data }: Equipment): LinkEquipment {
  return { ...data, signs: sign !== undefined }
}

/** What came, with `sign` for the requests that control signs. */
export function fromLink(
  { signs, ...data }: LinkEquipment,
  sign: (request: SignedRequest) => Promise<Readonly<Record<string, string>>>,
): Equipment {
  return signs ? { ...data, sign } : data
}
