// Holds one root certificate of the trust domain: made, read, and checked against the key and the domain that it is for.

import { X509Certificate } from 'node:crypto'
import { base64url, sha256 } from '../../std/bytes.ts'
import { pem, readPem } from '../../std/pem.ts'
import { spiffeId } from '../../wire/spiffe.ts'
import type { Signer } from '../../keys/ring.ts'
import type { RootRow } from '../../store/rows/root.ts'
import { issueRoot, type Issuer, type Validity } from './certificate.ts'
import { fault } from './faults.ts'

const DAY = 86_400_000
const TEN_YEARS = 3_652 * DAY

/** A certificate that roots a trust domain, as anybody sees it. */
export interface RootCertificate {
  readonly certificate: X509Certificate
  readonly pem: string
  /** SHA-256 of the certificate's DER, base64url: what join tokens pin. */
  readonly fingerprint: string
  /** ms since the epoch. */
  readonly notBefore: number
  readonly notAfter: number
}

/** A root that is trusted here, with where it stands. */
export interface TrustedRoot extends RootCertificate {
  readonly state: RootRow['state']
  /** Place in the order of roots, from 1. */
  readonly place: number
  /** When it came into this state, ms since the epoch. */
  readonly since: number
  /** Signs leaves; absent where its key is not in custody. */
  readonly issuer?: Issuer
}

/** A root that can issue. */
export interface Root extends TrustedRoot {
  readonly trustDomain: string
  readonly issuer: Issuer
}

/** The certificate in a DER text. */
function rootCertificate(der: Uint8Array): RootCertificate {
  const certificate = new X509Certificate(der)
  return {
    certificate,
    pem: pem('CERTIFICATE', der),
    fingerprint: base64url(sha256(der)),
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
  }
}

/** Signs a root for ten years from now, a minute backdated. Nothing is written. */
export function makeRoot(by: Issuer, now: number): RootCertificate {
  const at = Math.floor(now / 1000) * 1000
  const validity: Validity = { notBefore: at - 60_000, notAfter: at + TEN_YEARS }
  return rootCertificate(issueRoot(by, validity))
}

/** Reads a root from PEM. Throws `identity.root_mismatch`. */
export function readRoot(text: string): RootCertificate {
  let der: Uint8Array | undefined
  try {
    der = readPem('CERTIFICATE', text)[0]
  } catch (cause) {
    throw fault('identity.root_mismatch', 'the root certificate cannot be read', cause)
  }
  if (der === undefined) throw fault('identity.root_mismatch', 'the root certificate is empty')
  return rootCertificate(der)
}

/** Refuses a root that another key, another trust domain or another hand made. */
export function checkRoot(found: RootCertificate, trustDomain: string, signer?: Signer): void {
  const { certificate } = found
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' })
  if (signer !== undefined && Buffer.compare(key, signer.publicKey) !== 0) {
    throw fault('identity.root_mismatch', 'the root certificate is for another certificate key')
  }
  if (!certificate.ca || !certificate.verify(certificate.publicKey)) {
    throw fault('identity.root_mismatch', 'the root certificate is not signed by itself')
  }
  const name = spiffeId({ kind: 'domain', domain: trustDomain })
  if (certificate.subjectAltName !== `URI:${name}`) {
    throw fault('identity.root_mismatch', 'the root certificate is for another trust domain')
  }
}
