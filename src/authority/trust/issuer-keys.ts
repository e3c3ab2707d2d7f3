// Holds the keys of an issuer: found by discovery, kept for a while, asked for again when a token names a key that is new.

import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import type { Clock } from '../../std/clock.ts'
import { isObject, type JsonObject } from '../../std/json.ts'
import { trustFault } from './faults.ts'
import { getJson } from './get-json.ts'
import { isLoopback } from './issuer.ts'

/** How long keys are used before they are asked for again (ms). */
const KEEP_MS = 600_000
/** How soon the issuer may be asked again (ms): unknown keys in a flood of tokens cost one question. */
const COOLDOWN_MS = 30_000
/** The same while we have no keys of it at all (ms). */
const IMPATIENT_MS = 3_000
/** How long keys are used on while the issuer cannot be asked (ms): as long as a token may live. */
const STALE_MS = 86_400_000
const MAX_KEYS = 64

interface Kept {
  readonly find: JWTVerifyGetKey
  /** Monotonic ms. */
  readonly at: number
}

/** Which metadata leads to the keys: that of OpenID Connect Discovery 1.0, or of a transmitter of SSF 1.0. */
type Document = 'openid-configuration' | 'ssf-configuration'

/** OpenID Connect appends its name to the issuer; SSF puts it between host and path. */
function metadataUrl(issuer: string, document: Document): string {
  const base = issuer.replace(/\/$/, '')
  if (document === 'openid-configuration') return `${base}/.well-known/${document}`
  const { origin } = new URL(issuer)
  return `${origin}/.well-known/${document}${base.slice(origin.length)}`
}

/** The keys of one issuer. */
export class IssuerKeys {
  readonly #issuer: string
  readonly #ca: string | undefined
  readonly #document: Document
  readonly #clock: Pick<Clock, 'monotonic'>
  #kept: Kept | undefined
  #asking: Promise<void> | undefined
  #askedAt = -Infinity

  /** `ca` (PEM) are the authorities that the issuer's own certificate leads to, where those are not public. */
  constructor(
    issuer: string,
    clock: Pick<Clock, 'monotonic'>,
    ca?: string,
    document: Document = 'openid-configuration',
  ) {
    this.#issuer = issuer
    this.#clock = clock
    this.#ca = ca
    this.#document = document
  }

  /** The key for a token's header, as jose asks for it. Throws `trust.unreachable`. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    const known = await this.#keys(KEEP_MS)
    try {
      return await known(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      return (await this.#keys(0))(header, token)
    }
  }

  /** Keys that are not older than `freshMs`, where the issuer may be asked by now; else those that there are. */
  async #keys(freshMs: number): Promise<JWTVerifyGetKey> {
    const now = this.#clock.monotonic()
    const kept = this.#kept
    const patience = kept === undefined ? IMPATIENT_MS : COOLDOWN_MS
    const fresh = kept !== undefined && now - kept.at < freshMs
    if (!fresh && (this.#asking !== undefined || now - this.#askedAt >= patience)) {
      this.#asking ??= this.#ask().finally(() => (this.#asking = undefined))
      await this.#asking
    }
    if (this.#kept === undefined || now - this.#kept.at > STALE_MS) {
      throw trustFault('trust.unreachable', 'the keys of the issuer could not be had')
    }
    return this.#kept.find
  }

  /** Keys that were good are used on where the issuer does not answer: tokens end by themselves. */
  async #ask(): Promise<void> {
    this.#askedAt = this.#clock.monotonic()
    try {
      const find = createLocalJWKSet(await this.#fetch())
      this.#kept = { find, at: this.#askedAt }
    } catch (error) {
      if (this.#kept === undefined) throw error
    }
  }

  async #fetch(): Promise<JSONWebKeySet> {
    const metadata = await getJson(metadataUrl(this.#issuer, this.#document), this.#ca)
    const { keys } = await getJson(this.#keysUrl(metadata), this.#ca)
    if (!Array.isArray(keys) || keys.length > MAX_KEYS || !keys.every(isObject)) {
      throw trustFault('trust.unreachable', 'the issuer has no keys, or too many')
    }
    return { keys } as unknown as JSONWebKeySet
  }

  /** OpenID Connect Discovery §4.3: the metadata has to be about this very issuer. */
  #keysUrl(metadata: JsonObject): string {
    const { issuer, jwks_uri: uri } = metadata
    if (issuer !== this.#issuer || typeof uri !== 'string' || !URL.canParse(uri)) {
      throw trustFault('trust.unreachable', 'the metadata is that of another issuer')
    }
    const url = new URL(uri)
    const home = new URL(this.#issuer)
    const local = url.protocol === 'http:' && home.protocol === 'http:' && isLoopback(url)
    if (url.protocol !== 'https:' && !local) {
      throw trustFault('trust.unreachable', 'the keys of the issuer are not behind TLS')
    }
    return uri
  }
}
