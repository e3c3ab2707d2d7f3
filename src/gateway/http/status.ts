// Holds the HTTP status of every code that a call can be denied with.

import type { FaultCatalogue } from '../../std/fault.ts'
import { GATEWAY_FAULTS } from '../faults.ts'
import { NET_FAULTS } from '../net/faults.ts'

const KNOWN: FaultCatalogue = { ...GATEWAY_FAULTS, ...NET_FAULTS }

/** What codes of others mean to a client: the catalogues of credentials and of inspection are not ours to know. */
const BY_FLOOR: Readonly<Record<string, number>> = {
  credential: 502,
  inspect: 502,
  internal: 500,
  json: 400,
  store: 503,
}

/** The status of a denial: a denial that is not known is one all the same. */
export function statusOfCode(code: string): number {
  return KNOWN[code]?.status ?? BY_FLOOR[code.split('.', 1)[0]!] ?? 403
}
