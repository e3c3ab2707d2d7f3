// Holds equipping with our own X.509-SVID as a client certificate.

import { NOTHING_EQUIPPED } from '../../gateway/equipment.ts'
import type { Equipped, Equipping } from './equipping.ts'

/** Equips with the SVID. */
export function equipMtls({ parts }: Equipping<'mtls'>): Equipped {
  return {
    ...NOTHING_EQUIPPED,
    tls: parts.svid.get(),
    account: 'svid:gateway',
    used: ['svid:gateway'],
  }
}
