// Holds the keys of an issuer: found by discovery, kept for a while, asked for again when a token names a key that is new.

import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import type { Clock } from '../../std/clock.ts'
import type { JsonObject } from '../../std/json.ts'
import { trustFault } from './faults.ts'
import { getJson } from './get-json.ts'
import { isLoopback } from './issuer.ts'

/** How long keys are used before they are asked for again (ms). */
const KEEP_MS = 600_000
/** How soon a key that is not there may be asked for again (ms): unknown keys in a flood of tokens cost one question. */
const COOLDOWN_MS = 30_000
const MAX_KEYS = 64

/** The keys of one issuer. */
export class IssuerKeys {
  readonly #issuer: string
  readonly #clock: Pick<Clock, 'monotonic'>
  #keys: { readonly find: JWTVerifyGetKey; readonly at: number } | undefined
  #asking: Promise<JWTVerifyGetKey> | undefined
  #failedAt = -Infinity

  constructor(issuer: string, clock: Pick<Clock, 'monotonic'>) {
    this.#issuer = issuer
    this.#clock = clock
  }

  /** The key for a token's header, as jose asks for it. Throws `trust.unreachable`. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    const known = await this.#fresh(KEEP_MS)
    try {
      return await known(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      return (await this.#fresh(COOLDOWN_MS))(header, token)
    }
  }

  async #fresh(keepMs: number): Promise<JWTVerifyGetKey> {
    const now = this.#clock.monotonic()
    if (this.#keys !== undefined && now - this.#keys.at < keepMs) return this.#keys.find
    if (this.#keys === undefined && now - this.#failedAt < COOLDOWN_MS / 10) {
      throw trustFault('trust.unreachable', 'the issuer did not answer a moment ago')
    }
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined))
    return this.#asking
  }

  async #ask(): Promise<JWTVerifyGetKey> {
    try {
      const at = this.#clock.monotonic()
      const find = createLocalJWKSet(await this.#fetch())
      this.#keys = { find, at }
      return find
    } catch (error) {
      this.#failedAt = this.#clock.monotonic()
      // Keys that were good are used on, for as long as the issuer cannot be asked: tokens end by themselves.
      if (this.#keys !== undefined) return this.#keys.find
      throw error
    }
  }

  async #fetch(): Promise<JSONWebKeySet> {
    const base = this.#issuer.replace(/\/$/, '')
    const metadata = await getJson(`${base}/.well-known/openid-configuration`)
    const { keys } = await getJson(this.#keysUrl(metadata))
    if (!Array.isArray(keys) || keys.length > MAX_KEYS) {
      throw trustFault('trust.unreachable', 'the issuer has no keys, or too many')
    }
    return { keys } as unknown as JSONWebKeySet
  }

  /** OpenID Connect Discovery §4.3: the metadata has to be about this very issuer. */
  #keysUrl(metadata: JsonObject): string {
    const { issuer, jwks_uri: uri } = metadata
    if (issuer !== this.#issuer || typeof uri !== 'string') {
      throw trustFault('trust.unreachable', 'the metadata is that of another issuer')
    }
    const url = new URL(uri)
    const home = new URL(this.#issuer)
    const safe = url.protocol === 'https:' || (home.protocol === 'http:' && isLoopback(url))
    if (!safe) throw trustFault('trust.unreachable', 'the keys of the issuer are not behind TLS')
    return uri
  }
}
