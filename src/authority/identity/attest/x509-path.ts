// Holds the path from a fleet's certificate to the authority of its enterprise (RFC 5280 §6): every step signed, in time, and allowed.

import { X509Certificate, type KeyObject } from 'node:crypto'
import { readPem } from '../../../std/pem.ts'
import { fault } from '../faults.ts'
import { readCertificate, type CertificateFacts } from './x509-read.ts'

/** Certificates that a workload may show: its own, and three authorities. */
const MAX_CHAIN = 4
const MAX_PEM = 32_768
const CURVES: readonly unknown[] = ['prime256v1', 'secp384r1', 'secp521r1']

/** A certificate, and what Node does not tell of it. */
export interface ReadCertificate {
  readonly certificate: X509Certificate
  readonly key: KeyObject
  readonly facts: CertificateFacts
}

/** Reads what a workload shows. Throws `attest.evidence`. */
export function readChain(text: string): readonly ReadCertificate[] {
  if (text.length > MAX_PEM) throw fault('attest.evidence', 'the chain is too large')
  const chain = readCertificates(text)
  if (chain.length === 0 || chain.length > MAX_CHAIN) {
    throw fault('attest.evidence', `a chain has 1 to ${MAX_CHAIN} certificates`)
  }
  return chain
}

/** Reads certificates in PEM. Throws `attest.evidence`. */
export function readCertificates(text: string): readonly ReadCertificate[] {
  try {
    return readPem('CERTIFICATE', text).map((der) => {
      const certificate = new X509Certificate(der)
      // Read here, since a key that cannot be read is told of only when it is asked for.
      return { certificate, key: certificate.publicKey, facts: readCertificate(der) }
    })
  } catch (cause) {
    throw fault('attest.evidence', 'the certificates cannot be read', cause)
  }
}

/**
 * The authority to which a chain leads, the workload's certificate first. Order counts, and nothing is fetched. Revocation lists are
 * not asked: what takes a machine out is removing its registration. Throws `attest.evidence`.
 */
export function authorityOf(
  chain: readonly ReadCertificate[],
  authorities: readonly ReadCertificate[],
  now: number,
): X509Certificate {
  checkLeaf(chain[0]!)
  for (const [at, subject] of chain.entries()) {
    checkHolds(subject, now)
    const found = authorities.find((one) => issued(one, subject, at))
    if (found !== undefined) {
      checkHolds(found, now)
      return found.certificate
    }
    const next = chain[at + 1]
    if (next === undefined || !issued(next, subject, at)) break
  }
  throw fault('attest.evidence', 'the certificate is not of an authority of this source')
}

/** True for a key that is strong enough to stand for somebody, and no more work than that. */
function isTaken({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject) {
  if (type === 'ec') return CURVES.includes(details?.namedCurve)
  const { modulusLength: bits = 0, publicExponent: exponent = 0n } = details ?? {}
  // Not larger either: whoever has shown nothing yet would have us work for them.
  const sound = bits >= 2_048 && bits <= 8_192 && exponent <= 0xffff_ffffn
  return type === 'ed25519' || (type === 'rsa' && sound)
}

function checkLeaf({ certificate, facts }: ReadCertificate): void {
  // Whoever may sign certificates could be anybody.
  if (certificate.ca || facts.signsCertificates) {
    throw fault('attest.evidence', 'an authority is no workload')
  }
  if (!facts.signsData || !facts.forClients) {
    throw fault('attest.evidence', 'the certificate is not for clients that sign')
  }
}

function checkHolds({ certificate, key, facts }: ReadCertificate, now: number): void {
  const { validFromDate, validToDate } = certificate
  if (now < validFromDate.getTime() || now >= validToDate.getTime()) {
    throw fault('attest.evidence', 'a certificate of the chain does not hold now')
  }
  if (!facts.understood || !isTaken(key)) {
    throw fault('attest.evidence', 'a certificate of the chain is of a kind that is not taken')
  }
}

/** True when `by` signed, and may, with `below` authorities already between it and the workload. */
function issued(by: ReadCertificate, of: ReadCertificate, below: number): boolean {
  const { certificate, key, facts } = by
  if (!facts.signsCertificates || below > (facts.pathLength ?? Infinity)) return false
  // An authority that says what it is for is not one for anything else.
  if (!facts.forClients || !isTaken(key)) return false
  try {
    return of.certificate.checkIssued(certificate) && of.certificate.verify(key)
  } catch {
    // What OpenSSL cannot check with this key was not signed by it.
    return false
  }
}
