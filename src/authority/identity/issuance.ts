// Holds the issuing of one certificate to one instance: what is signed, what is recorded of it, what is stored, what is answered.

import { base64url, hex, sha256 } from '../../std/bytes.ts'
import { rfc3339 } from '../../std/clock.ts'
import type { JsonObject } from '../../std/json.ts'
import { pem } from '../../std/pem.ts'
import type { IssuedIdentity } from '../../wire/identity.ts'
import { spiffeId } from '../../wire/spiffe.ts'
import type { CertificateRow } from '../../store/rows/certificate.ts'
import { issueSvid, leafValidity, serialOf } from './certificate.ts'
import type { Roots } from './roots.ts'

/** A certificate that exists in memory only: nobody gets it before it is recorded and stored. */
export interface Issuance {
  readonly row: CertificateRow
  /** What the record says of it. */
  readonly facts: JsonObject
  /** What its holder is told. */
  readonly answer: IssuedIdentity
}

/** SHA-256 of a SubjectPublicKeyInfo, hex: what tells keys apart. */
export function keyDigest(publicKey: Uint8Array): string {
  return hex(sha256(publicKey))
}

/** Signs a certificate for an instance that lives until `lifeEnds`. */
export function issue(
  roots: Pick<Roots, 'active' | 'pems'>,
  instance: { readonly id: string; readonly agent: string; readonly lifeEnds: number },
  publicKey: Uint8Array,
  at: { readonly now: number; readonly life: number },
): Issuance {
  const root = roots.active
  const validity = leafValidity(at.now, at.life, Math.min(instance.lifeEnds, root.notAfter))
  const of = { agent: instance.agent, instance: instance.id }
  const der = issueSvid(root.issuer, { ...of, publicKey }, validity)
  const row: CertificateRow = {
    fingerprint: hex(sha256(der)),
    instance: instance.id,
    key: keyDigest(publicKey),
    spki: base64url(publicKey),
    serial: serialOf(der),
    root: root.fingerprint,
    ...validity,
  }
  return {
    row,
    facts: {
      certificate: row.fingerprint,
      serial: row.serial,
      notBefore: rfc3339(row.notBefore),
      notAfter: rfc3339(row.notAfter),
    },
    answer: {
      instance: instance.id,
      spiffe_id: spiffeId({ kind: 'instance', domain: root.trustDomain, ...of }),
      certificates: pem('CERTIFICATE', der),
      bundle: roots.pems(),
      not_after: rfc3339(validity.notAfter),
      renew_after: rfc3339((validity.notBefore + validity.notAfter) / 2),
      life_ends: rfc3339(instance.lifeEnds),
    },
  }
}
