// Holds access tokens: issuing them, recorded first; telling what one is worth, from memory; taking them away.

import { createPublicKey, type KeyObject } from 'node:crypto'
import { base64url, sha256 } from '../../std/bytes.ts'
import { Fault } from '../../std/fault.ts'
import { uuidv7 } from '../../std/id.ts'
import type { JsonObject } from '../../std/json.ts'
import { MAX_JWT, readJws, verifyJws, writeJws } from '../../wire/jwt.ts'
import type { Presented, Unauthenticated } from '../../wire/presented.ts'
import type { TokenRow } from '../../store/rows/token.ts'
import { audienceFits, refusal, unbound } from './check.ts'
import { claims } from './claims.ts'
import { drafted, type Draft, type TokenRequest } from './draft.ts'
import { tokenFault } from './faults.ts'
import type { TokenPorts } from './ports.ts'
import { TokenView, type LiveToken } from './view.ts'

/** How often what has ended is taken away. */
const LOOK_MS = 5_000

/** The key that a token is bound to (RFC 9449 `jkt`, RFC 8705 `x5t#S256`). */
export type TokenBinding = NonNullable<TokenRow['binding']>

/** A token as its holder gets it. */
export interface IssuedToken {
  /** Compact JWS, `typ` at+jwt (RFC 9068). */
  readonly text: string
  /** `jti`. */
  readonly id: string
  /** ms since the epoch. */
  readonly expiresAt: number
  readonly scope?: readonly string[]
}

/** What a token is worth that was shown as it has to be. */
export interface TokenFacts {
  /** `jti`. */
  readonly id: string
  readonly instance: string
  readonly delegation?: string
  readonly scope?: readonly string[]
  /** Absent: bound to no key. */
  readonly binding?: TokenBinding
  /** ms since the epoch. */
  readonly ends: number
}

/** The tokens of one authority. */
export class Tokens {
  readonly #ports: TokenPorts
  readonly #view = new TokenView()
  #key: { readonly id: string; readonly object: KeyObject } | undefined
  /** Revoked in memory and not written yet; a crash before that is made good by nothing but the token's own end. */
  readonly #unwritten = new Map<string, string>()
  /** Writes under way, so that nothing is recorded twice. */
  readonly #writing = new Map<string, Promise<void>>()
  /** Tokens that are being issued right now, by instance. */
  readonly #issuing = new Map<string, number>()
  readonly #stops: (() => void)[] = []
  #cancel: (() => void) | undefined
  #looking: Promise<void> = Promise.resolve()
  #closed = false

  private constructor(ports: TokenPorts) {
    this.#ports = ports
  }

  /** Reads the tokens that are live, and listens for what takes them away. */
  static async open(ports: TokenPorts): Promise<Tokens> {
    const tokens = new Tokens(ports)
    const now = ports.clock.now()
    await ports.store.tokens.prune('expires_at', now)
    const held = await ports.store.tokens.all({ state: 'live' })
    const rows = new Map(held.map(({ doc }) => [doc.id, doc]))
    for (const row of rows.values()) {
      const { state: _live, ...token } = row
      if (token.expiresAt <= now || ports.holders.live(token.instance) === undefined) continue
      if (hangsOn(row, rows)) tokens.#view.add(token)
    }
    tokens.#stops.push(
      ports.holders.onGone((instance) => void tokens.#view.removeOf('instance', instance)),
      ports.chains.onEnd((delegation) => void tokens.#view.removeOf('delegation', delegation)),
      ports.signer.onReplaced(() => tokens.#view.clear()),
    )
    tokens.#watch()
    return tokens
  }

  /** URL of this authorization server. */
  get issuer(): string {
    return this.#ports.issuer()
  }

  /** How many tokens are live. */
  get size(): number {
    return this.#view.size
  }

  /** The public key as a JWK set (RFC 7517 §5). */
  jwks(): JsonObject {
    const { id, object } = this.key()
    const { kty = '', crv = '', x = '', y = '' } = object.export({ format: 'jwk' })
    return { keys: [{ kty, crv, x, y, use: 'sig', alg: 'ES256', kid: id }] }
  }

  /** The key in force: what tokens, and JWT-SVIDs of this trust domain, are signed with. */
  key(): { readonly id: string; readonly object: KeyObject } {
    const { keyId: id, publicKey } = this.#ports.signer
    if (this.#key?.id === id) return this.#key
    const spki = { key: Buffer.from(publicKey), format: 'der', type: 'spki' } as const
    this.#key = { id, object: createPublicKey(spki) }
    return this.#key
  }

  /**
   * Issues a token, recorded before it is stored and stored before it is handed out. A crash in between leaves a record, or a
   * row, of a token that nobody has. Throws a Fault of TOKEN_FAULTS.
   */
  async issue(of: TokenRequest): Promise<IssuedToken> {
    const id = uuidv7(this.#ports.clock, this.#ports.entropy)
    const under = this.#issuing.get(of.instance) ?? 0
    const draft = drafted(this.#ports, of, id, this.#view.count(of.instance) + under)
    this.#issuing.set(of.instance, under + 1)
    try {
      return await this.#issue(draft)
    } finally {
      const left = (this.#issuing.get(of.instance) ?? 1) - 1
      if (left === 0) this.#issuing.delete(of.instance)
      else this.#issuing.set(of.instance, left)
    }
  }

  async #issue(draft: Draft): Promise<IssuedToken> {
    const { audit, signer, store } = this.#ports
    const { row, holder } = draft
    const { id } = row
    const receipt = await audit.append({
      type: 'token.issued',
      phase: 'lifecycle',
      agent: holder.agent,
      instance: holder.id,
      ...(draft.person === '' ? {} : { person: draft.person }),
      body: {
        token: id,
        binding: row.binding?.kind ?? 'none',
        expiresAt: row.expiresAt,
        ...(row.delegation === undefined ? {} : { delegation: row.delegation }),
        ...(row.family === undefined ? {} : { family: row.family }),
        ...(row.parent === undefined ? {} : { parent: row.parent }),
        ...(row.mayAct === undefined ? {} : { mayAct: row.mayAct }),
      },
    })
    const { keyId: kid } = signer
    const header = { alg: 'ES256', typ: 'at+jwt', kid }
    const text = writeJws(header, claims({ ...draft, issuer: this.issuer }), (bytes) =>
      signer.sign(bytes),
    )
    await store.tokens.insert(row, receipt)
    const { state: _live, ...token } = row
    if (kid !== signer.keyId) {
      throw tokenFault('token.unknown', 'the key that signed it was replaced meanwhile')
    }
    this.#show({ ...token, digest: digestOf(text) })
    const { expiresAt, scope } = row
    return { text, id, expiresAt, ...(scope === undefined ? {} : { scope }) }
  }

  /**
   * What a request shows with its token: synchronous, from memory. The signature is looked at once for a text; whether the
   * token is recorded, meant for this resource, with its key, and its instance live, every time.
   */
  check(presented: Presented): TokenFacts | Unauthenticated {
    const text = presented.token?.text ?? ''
    const token = this.find(text)
    if ('refused' in token) return token
    // What hands authority on opens nothing, wherever it is shown.
    if (token.mayAct !== undefined || !audienceFits(token.audience, presented)) {
      return refusal('token.audience', 'the token is not meant for this resource')
    }
    const wrong = unbound(token, presented, (this.#ports.unboundLife ?? 0) > 0)
    if (wrong !== undefined) return wrong
    const { id, instance, delegation, scope, binding, expiresAt } = token
    return {
      id,
      instance,
      ...(delegation === undefined ? {} : { delegation }),
      ...(scope === undefined ? {} : { scope }),
      ...(binding === undefined ? {} : { binding }),
      ends: expiresAt,
    }
  }

  /** The live token of a `jti`, whatever it hangs on. */
  get(id: string): Readonly<LiveToken> | undefined {
    return this.#view.byId(id)
  }

  /** The live token of a text, whoever shows it and wherever: for those who exchange, introspect or revoke it. */
  find(text: string): Readonly<LiveToken> | Unauthenticated {
    const unknown = (): Unauthenticated => refusal('token.unknown', 'there is no such token')
    if (text.length > MAX_JWT) return unknown()
    const digest = digestOf(text)
    const token = this.#view.byDigest(digest) ?? this.#verified(text, digest)
    if (token === undefined) return unknown()
    const { chains, clock, holders } = this.#ports
    const now = clock.now()
    const holder = holders.live(token.instance)
    if (holder === undefined || now >= holder.lifeEnds) return unknown()
    if (now >= token.expiresAt) return refusal('token.expired', 'the token has ended')
    if (token.delegation !== undefined && chains.chainOf(token.delegation) === undefined) {
      return refusal(
        'token.delegation_over',
        'the delegation that the token is under does not hold',
      )
    }
    return token
  }

  /** Takes a token away, and all that it was exchanged for: in force when this is called, recorded when it resolves. Does nothing for one that is not live. */
  async revoke(id: string, reason: string): Promise<void> {
    await this.#taken(this.#view.remove(id), reason)
  }

  /** Takes every token of a refresh family away, in the same way. */
  async revokeFamily(family: string, reason: string): Promise<void> {
    await this.#taken(this.#view.removeOf('family', family), reason)
  }

  /** Stops looking at the clock; resolves when what was being written is written. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancel?.()
    for (const stop of this.#stops) stop()
    await this.#looking
  }

  /** Shows a token that is stored, when what it hangs on still holds. */
  #show(token: LiveToken): void {
    const { chains, holders } = this.#ports
    if (holders.live(token.instance) === undefined) {
      throw tokenFault('token.instance_gone', 'the instance was ended meanwhile')
    }
    if (token.delegation !== undefined && chains.chainOf(token.delegation) === undefined) {
      throw tokenFault('token.delegation_over', 'the delegation was ended meanwhile')
    }
    if (token.parent !== undefined && this.#view.byId(token.parent) === undefined) {
      throw tokenFault(
        'token.unknown',
        'the token that it was exchanged for was taken away meanwhile',
      )
    }
    this.#view.add(token)
  }

  /** The token of a text that was not seen before. Nothing is computed for a text that names no live token. */
  #verified(text: string, digest: string): LiveToken | undefined {
    try {
      const jws = readJws(text, { typ: ['at+jwt'], algorithms: ['ES256'] })
      const { jti, iss } = jws.payload
      if (jws.header['kid'] !== this.key().id || typeof jti !== 'string') return undefined
      const token = this.#view.byId(jti)
      if (token === undefined || iss !== this.issuer) return undefined
      verifyJws(jws, this.key().object)
      this.#view.known(token, digest)
      return token
    } catch (error) {
      if (error instanceof Fault) return undefined
      throw error
    }
  }

  async #taken(gone: readonly LiveToken[], reason: string): Promise<void> {
    for (const { id } of gone) this.#unwritten.set(id, reason)
    for (const { id } of gone) await this.#write(id, reason)
  }

  #write(id: string, reason: string): Promise<void> {
    const under = this.#writing.get(id)
    if (under !== undefined) return under
    const write = this.#record(id, reason).finally(() => this.#writing.delete(id))
    this.#writing.set(id, write)
    return write
  }

  async #record(id: string, reason: string): Promise<void> {
    const { audit, store } = this.#ports
    const held = await store.tokens.get(id)
    if (held?.doc.state === 'live') {
      const receipt = await audit.append({
        type: 'token.revoked',
        phase: 'lifecycle',
        instance: held.doc.instance,
        body: { token: id, reason },
      })
      await store.tokens.replace(held, { ...held.doc, state: 'revoked' }, receipt)
    }
    this.#unwritten.delete(id)
  }

  #watch(): void {
    if (this.#closed) return
    this.#cancel = this.#ports.timer.after(LOOK_MS, () => {
      this.#looking = this.#look().finally(() => this.#watch())
    })
  }

  async #look(): Promise<void> {
    const now = this.#ports.clock.now()
    this.#view.expire(now)
    try {
      for (const [id, reason] of this.#unwritten) await this.#write(id, reason)
      await this.#ports.store.tokens.prune('expires_at', now)
    } catch (error) {
      this.#ports.onTrouble(error)
    }
  }
}

/** True when a token, and everything that it was exchanged for, is among the rows that are live. */
function hangsOn(row: TokenRow, rows: ReadonlyMap<string, TokenRow>): boolean {
  for (let at: TokenRow | undefined = row; at !== undefined; at = rows.get(at.parent)) {
    if (at.parent === undefined) return true
  }
  return false
}

function digestOf(text: string): string {
  return base64url(sha256(text))
}
