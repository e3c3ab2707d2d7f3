// Holds the `x509pop` attestor: possession of a certificate of an enterprise's own authority, shown by signing our challenge.

import {
  createHmac,
  timingSafeEqual,
  verify,
  type KeyObject,
  type X509Certificate,
} from 'node:crypto'
import { base64url, fromBase64url, hex, sha256, utf8 } from '../../../std/bytes.ts'
import type { Clock } from '../../../std/clock.ts'
import type { Entropy } from '../../../std/entropy.ts'
import { challengeInput, type AttestRequest } from '../../../wire/attest.ts'
import type { TrustSources } from '../../trust/trust-sources.ts'
import { fault } from '../faults.ts'
import type { Attested } from './attested.ts'
import { authorityOf, readCertificates, readChain } from './x509-path.ts'
import type { ReadCertificate } from './x509-path.ts'

/** How long a challenge can be answered (ms). */
const CHALLENGE_MS = 60_000
const MAX_VALUE = 800

/** What a workload of the fleet answers to a challenge. */
export type X509Evidence = Extract<AttestRequest, { readonly attestor: 'x509pop' }>

/** Gives challenges and checks what they are answered with. Nothing is kept: a challenge says itself that it is ours. */
export class X509Attestor {
  readonly #sources: Pick<TrustSources, 'get'>
  readonly #clock: Clock
  readonly #entropy: Entropy
  /** Made at every start: a challenge of an earlier run is asked for again. */
  readonly #key: Uint8Array

  constructor(sources: Pick<TrustSources, 'get'>, clock: Clock, entropy: Entropy) {
    this.#sources = sources
    this.#clock = clock
    this.#entropy = entropy
    this.#key = entropy.bytes(32)
  }

  /** A challenge for one request, good for a minute. Says nothing of whether there is such a source. */
  challenge(of: { readonly source: string; readonly csr: string }): {
    readonly challenge: string
    /** ms since the epoch. */
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
    const chain = readChain(evidence.certificates)
    const authorities = readCertificates(source.certificates)
    const authority = authorityOf(chain, authorities, this.#clock.now())
    const leaf = chain[0]!
    checkSignature(leaf.key, evidence)
    const digest = hex(sha256(leaf.certificate.raw))
    const facts = factsOf(leaf, authority)
    return {
      attestor: 'x509pop',
      source: source.name,
      selectors: [...new Set(facts.map(([name, value]) => `x509pop:${name}:${value}`))].sort(),
      subject: digest,
      facts: { ...singles(facts), sha256: digest },
      until: leaf.certificate.validToDate.getTime(),
      once: { id: `x509pop:${base64url(sha256(utf8(evidence.challenge)))}`, expiresAt },
    }
  }

  #mark(head: string, of: { readonly source: string; readonly csr: string }): string {
    const bound = `${head}\n${of.source}\n${base64url(sha256(utf8(of.csr)))}`
    return createHmac('sha256', this.#key).update(bound).digest('base64url')
  }

  #checkChallenge(evidence: X509Evidence): number {
    const [expires = '', random = '', mark = '', ...more] = evidence.challenge.split('.', 4)
    const expected = utf8(this.#mark(`${expires}.${random}`, evidence))
    const given = utf8(mark)
    const ours =
      more.length === 0 && given.length === expected.length && timingSafeEqual(given, expected)
    if (!ours) throw fault('attest.evidence', 'the challenge is not ours for this request')
    const expiresAt = Number(expires)
    if (expiresAt <= this.#clock.now()) throw fault('attest.evidence', 'the challenge has ended')
    return expiresAt
  }
}

function checkSignature(key: KeyObject, { challenge, csr, signature }: X509Evidence): void {
  const bytes = fromBase64url(signature)
  const hash = key.asymmetricKeyType === 'ed25519' ? null : 'sha256'
  const input = challengeInput(challenge, csr)
  if (bytes === undefined || !verify(hash, input, key, bytes)) {
    throw fault('attest.evidence', 'the challenge is not signed by the key of the certificate')
  }
}

type Fact = readonly [name: string, value: string]

/** Facts by the name that selectors have for them; a value that no screen could show selects nothing. */
function factsOf({ certificate, facts }: ReadCertificate, authority: X509Certificate): Fact[] {
  const all: Fact[] = [
    ...facts.commonNames.map((name): Fact => ['subject:cn', name]),
    ...facts.dnsNames.map((name): Fact => ['san:dns', name.toLowerCase()]),
    ...facts.uris.map((uri): Fact => ['san:uri', uri]),
    ['ca:fingerprint', hex(sha256(authority.raw))],
    ['serial', certificate.serialNumber.toLowerCase()],
  ]
  return all.filter(([, value]) => value.length <= MAX_VALUE && /^[^\p{Cc}\ufffd]+$/u.test(value))
}

/** Facts of which there is one. */
function singles(facts: readonly Fact[]): Readonly<Record<string, string>> {
  const of = (name: string): number => facts.filter(([other]) => other === name).length
  return Object.fromEntries(facts.filter(([name]) => of(name) === 1))
}
