// Holds the `x509pop` attestor: possession of a certificate of an enterprise's own authority, shown by signing our challenge.

import { createHmac, timingSafeEqual, verify, X509Certificate, type KeyObject } from 'node:crypto'
import { base64url, fromBase64url, hex, sha256, utf8 } from '../../../std/bytes.ts'
import type { Clock } from '../../../std/clock.ts'
import type { Entropy } from '../../../std/entropy.ts'
import { readPem } from '../../../std/pem.ts'
import type { TrustSources } from '../../trust/trust-sources.ts'
import { fault } from '../faults.ts'
import type { Attested } from './attested.ts'

/** How long a challenge can be answered (ms). */
const CHALLENGE_MS = 60_000
const MAX_CHAIN = 4
const MAX_PEM = 32_768
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
const ANY_USAGE = '2.5.29.37.0'
const CONTEXT = 'bailiwick-x509pop-v1'

/** What a workload of the fleet answers to a challenge. */
export interface X509Evidence {
  readonly source: string
  /** PEM: its certificate, then what stands between it and the authority. */
  readonly certificates: string
  readonly challenge: string
  /** Over what `signedOver` says, base64url; ECDSA in DER with SHA-256, Ed25519, or RSASSA-PKCS1-v1_5 with SHA-256. */
  readonly signature: string
  /** The certificate request as it was sent. */
  readonly csr: string
}

/** What has to be signed: the challenge and the digest of the request, under a name that nothing else is signed under. */
export function signedOver(challenge: string, csr: string): Uint8Array {
  return utf8(`${CONTEXT}\n${challenge}\n${base64url(sha256(utf8(csr)))}`)
}

/** Gives challenges and checks what they are answered with. Nothing is kept: a challenge says itself that it is ours. */
export class X509Attestor {
  readonly #sources: Pick<TrustSources, 'get'>
  readonly #clock: Clock
  readonly #entropy: Entropy
  readonly #key: Uint8Array

  constructor(sources: Pick<TrustSources, 'get'>, clock: Clock, entropy: Entropy) {
    this.#sources = sources
    this.#clock = clock
    this.#entropy = entropy
    this.#key = entropy.bytes(32)
  }

  /** A challenge for one request, good for a minute. */
  challenge(of: { readonly source: string; readonly csr: string }): {
    readonly challenge: string
    readonly expiresAt: number
  } {
    const expiresAt = this.#clock.now() + CHALLENGE_MS
    const head = `${expiresAt}.${base64url(this.#entropy.bytes(16))}`
    return { challenge: `${head}.${this.#mark(head, of)}`, expiresAt }
  }

  /** What the answer proves. Throws `attest.evidence`. */
  attest(evidence: X509Evidence): Attested {
    const source = this.#sources.get(evidence.source)
    if (source?.kind !== 'attest-x509' || source.certificates === undefined) {
      throw fault('attest.evidence', 'no such source attests workloads by certificates')
    }
    const expiresAt = this.#checkChallenge(evidence)
    const authorities = certificatesOf(source.certificates, Infinity)
    const chain = certificatesOf(evidence.certificates, MAX_CHAIN)
    const authority = this.#trusted(chain, authorities)
    const leaf = chain[0]!
    checkSignature(leaf.publicKey, evidence)
    return {
      attestor: 'x509pop',
      source: source.name,
      selectors: selectorsOf(leaf, authority),
      subject: leaf.serialNumber.toLowerCase(),
      once: { id: `x509pop:${base64url(sha256(utf8(evidence.challenge)))}`, expiresAt },
    }
  }

  #mark(head: string, of: { readonly source: string; readonly csr: string }): string {
    const bound = `${head}\n${of.source}\n${base64url(sha256(utf8(of.csr)))}`
    return createHmac('sha256', this.#key).update(bound).digest('base64url')
  }

  #checkChallenge(evidence: X509Evidence): number {
    const [expires = '', random = '', mark = '', ...more] = evidence.challenge.split('.')
    const expected = utf8(this.#mark(`${expires}.${random}`, evidence))
    const given = utf8(mark)
    const ours =
      more.length === 0 && given.length === expected.length && timingSafeEqual(given, expected)
    if (!ours) throw fault('attest.evidence', 'the challenge is not ours for this request')
    const expiresAt = Number(expires)
    if (expiresAt <= this.#clock.now()) throw fault('attest.evidence', 'the challenge has ended')
    return expiresAt
  }

  /** The authority to which the chain leads. Every certificate of it has to hold now. */
  #trusted(
    chain: readonly X509Certificate[],
    authorities: readonly X509Certificate[],
  ): X509Certificate {
    const [leaf] = chain
    if (leaf === undefined) throw fault('attest.evidence', 'no certificate was shown')
    if (leaf.ca) throw fault('attest.evidence', 'an authority is no workload')
    // Node calls the extended key usage of a certificate its key usage.
    const usage = leaf.keyUsage as readonly string[] | undefined
    if (usage !== undefined && !usage.includes(CLIENT_AUTH) && !usage.includes(ANY_USAGE)) {
      throw fault('attest.evidence', 'the certificate is not for clients')
    }
    for (const [at, certificate] of chain.entries()) {
      this.#checkTime(certificate)
      const authority = authorities.find((one) => issued(one, certificate))
      if (authority !== undefined) {
        this.#checkTime(authority)
        return authority
      }
      const next = chain[at + 1]
      if (next === undefined || !issued(next, certificate)) break
    }
    throw fault('attest.evidence', 'the certificate is not of an authority of this source')
  }

  #checkTime({ validFromDate, validToDate }: X509Certificate): void {
    const now = this.#clock.now()
    if (now < validFromDate.getTime() || now >= validToDate.getTime()) {
      throw fault('attest.evidence', 'a certificate of the chain does not hold now')
    }
  }
}

/** True when the first signed the second, and may: names, key identifiers, usage and the signature itself. */
function issued(by: X509Certificate, certificate: X509Certificate): boolean {
  return by.ca && certificate.checkIssued(by) && certificate.verify(by.publicKey)
}

function certificatesOf(text: string, most: number): readonly X509Certificate[] {
  if (text.length > MAX_PEM * 16) throw fault('attest.evidence', 'the chain is too large')
  try {
    const read = readPem('CERTIFICATE', text)
    if (read.length > most) throw fault('attest.evidence', 'the chain is too long')
    return read.map((der) => new X509Certificate(der))
  } catch (cause) {
    throw fault('attest.evidence', 'the certificates cannot be read', cause)
  }
}

function checkSignature(key: KeyObject, { challenge, csr, signature }: X509Evidence): void {
  const bytes = fromBase64url(signature)
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  const weak = type === 'rsa' && (details?.modulusLength ?? 0) < 2048
  if (!(type === 'ec' || type === 'ed25519' || type === 'rsa') || weak) {
    throw fault('attest.evidence', 'the key of the certificate is of no kind that is taken')
  }
  const hash = type === 'ed25519' ? null : 'sha256'
  const signed = signedOver(challenge, csr)
  if (bytes === undefined || !verify(hash, signed, key, bytes)) {
    throw fault('attest.evidence', 'the challenge is not signed by the key of the certificate')
  }
}

function selectorsOf(leaf: X509Certificate, authority: X509Certificate): readonly string[] {
  const names = (leaf.toLegacyObject().subject as unknown as Record<string, unknown>)['CN']
  const common = typeof names === 'string' ? [names] : []
  const alternatives = splitNames(leaf.subjectAltName ?? '')
  const found = [
    ...common.map((name) => `subject:cn:${name}`),
    ...alternatives.flatMap(([kind, name]) => {
      if (kind === 'DNS') return [`san:dns:${name}`]
      return kind === 'URI' ? [`san:uri:${name}`] : []
    }),
    `ca:fingerprint:${hex(sha256(authority.raw))}`,
    `serial:${leaf.serialNumber.toLowerCase()}`,
  ]
  return found
    .filter((text) => !/\p{Cc}/u.test(text) && text.length <= 900)
    .map((text) => `x509pop:${text}`)
    .sort()
}

/**
 * Node's text of the names. It writes a name that holds anything but plain characters as a quoted JSON text, so that no name
 * can pose as two (CVE-2021-44532); such names select nothing here.
 */
function splitNames(text: string): readonly (readonly [kind: string, name: string])[] {
  if (text.includes('"')) return []
  return text.split(', ').flatMap((part) => {
    const colon = part.indexOf(':')
    return colon < 1 ? [] : [[part.slice(0, colon), part.slice(colon + 1)] as const]
  })
}
