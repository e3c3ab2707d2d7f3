// Holds the certifying of a gateway: a key that never had a certificate, four certificates at most, and what the row says then.

import { hex, sha256 } from '../../std/bytes.ts'
import { rfc3339 } from '../../std/clock.ts'
import type { JsonObject } from '../../std/json.ts'
import { pem } from '../../std/pem.ts'
import type { Store } from '../../store/open.ts'
import type { Gateway } from '../../store/rows/gateway.ts'
import type { IssuedGateway } from '../../wire/gateway-identity.ts'
import { spiffeId } from '../../wire/spiffe.ts'
import { issueGateway, leafValidity } from '../identity/certificate.ts'
import { keyDigest } from '../identity/issuance.ts'
import type { Roots } from '../identity/roots.ts'
import { gatewayRegistryFault } from './faults.ts'
import { altNamesOf } from './hosts.ts'

/** For how long a certificate holds (ms; INV-8). */
export const CERTIFICATE_MS = 3_600_000
/** Certificates that a row knows: renewed in time it has two that hold, and some answers get lost. */
export const MOST_CERTIFICATES = 4
/** Digests of keys that a row remembers: a day and more of renewals. */
const MOST_KEYS = 64

/** Whose certificates are issued. */
export type Issuing = Pick<Roots, 'active' | 'pems' | 'serving' | 'trusts'>

/** A certificate that exists in memory only: nobody gets it before it is recorded and stored. */
export interface Certified {
  readonly doc: Gateway
  /** What the record says of it. */
  readonly facts: JsonObject
  readonly answer: IssuedGateway
}

/** Throws `gateway.key` for a key that one of these gateways, or an instance, has or had. */
export async function checkKey(
  publicKey: Uint8Array,
  all: readonly Gateway[],
  { certificates }: Pick<Store, 'certificates'>,
): Promise<void> {
  const key = keyDigest(publicKey)
  const had = all.some(({ keys }) => keys.includes(key))
  if (had || (await certificates.all({ key })).length > 0) {
    throw gatewayRegistryFault('gateway.key', 'this key has had a certificate already')
  }
}

/**
 * The gateway with another certificate. One whose answers get lost keeps the certificate that it has until that ends: it is refused
 * (`gateway.renewals`) rather than forgotten.
 */
export function certified(
  doc: Gateway,
  publicKey: Uint8Array,
  roots: Pick<Issuing, 'active' | 'pems'>,
  now: number,
): Certified {
  const { active } = roots
  const { certificates, hosts, keys, name } = doc
  if (certificates.filter(({ notAfter }) => notAfter > now).length >= MOST_CERTIFICATES) {
    throw gatewayRegistryFault('gateway.renewals', `it has ${MOST_CERTIFICATES} that hold already`)
  }
  const validity = leafValidity(now, CERTIFICATE_MS, active.notAfter)
  const names = altNamesOf(hosts)
  const der = issueGateway(active.issuer, { name, names, publicKey }, validity)
  const key = keyDigest(publicKey)
  const certificate = { fingerprint: hex(sha256(der)), key, notAfter: validity.notAfter }
  const notAfter = rfc3339(validity.notAfter)
  return {
    doc: {
      ...doc,
      certificates: [...certificates, certificate].slice(-MOST_CERTIFICATES),
      keys: [...keys, key].slice(-MOST_KEYS),
    },
    facts: { certificate: certificate.fingerprint, not_after: notAfter },
    answer: {
      name,
      spiffe_id: spiffeId({ kind: 'gateway', domain: active.trustDomain, name }),
      certificates: pem('CERTIFICATE', der),
      bundle: roots.pems(),
      not_after: notAfter,
      renew_after: rfc3339((validity.notBefore + validity.notAfter) / 2),
    },
  }
}
