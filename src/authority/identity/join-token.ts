// Holds join tokens: the right to enrol one instance, once, within ten minutes. Only the hash of the secret is kept.

import { base64url, sha256 } from '../../std/bytes.ts'
import { rfc3339 } from '../../std/clock.ts'
import { uuidv7 } from '../../std/id.ts'
import { formatJoinToken, parseJoinToken } from '../../wire/identity.ts'
import type { JoinTokenRow } from '../../store/rows/join-token.ts'
import type { Held } from '../../store/signed-table.ts'
import { fault } from './faults.ts'
import type { IdentityPorts } from './ports.ts'

/** How long a join token can be used. */
const TOKEN_LIFE_MS = 600_000

/** Tokens whose reuse is recorded between two starts; reuses beyond are counted, as every refusal is. */
const MAX_REPORTED = 10_000

/** A new join token. */
export interface IssuedJoinToken {
  readonly id: string
  /** The whole text, shown once and kept nowhere. */
  readonly token: string
  /** ms since the epoch. */
  readonly expiresAt: number
}

/** Issues join tokens and lets each be used once. */
export class JoinTokens {
  readonly #ports: IdentityPorts
  /** Tokens that somebody is using right now, by hash: of two who come at once, one waits here for what becomes of the other. */
  readonly #claimed = new Map<string, Promise<unknown>>()
  /** Ids of tokens whose reuse is recorded; what follows is counted by the listener, so that nobody fills the log. */
  readonly #reported = new Set<string>()
  /** Unused tokens by hash. */
  readonly #open = new Map<string, { readonly id: string; readonly expiresAt: number }>()

  constructor(ports: IdentityPorts) {
    this.#ports = ports
  }

  /** Reads the unused tokens of the store; called once before anything else. */
  async load(): Promise<void> {
    for (const { doc } of await this.#ports.store.joinTokens.all({ state: 'issued' })) {
      this.#open.set(doc.tokenHash, doc)
    }
  }

  /** Makes a token for an agent, recorded before it exists. Who may ask for one is checked by the caller. */
  async issue(of: {
    readonly agent: string
    readonly by: string
    readonly delegation?: string
    readonly district?: boolean
  }): Promise<IssuedJoinToken> {
    const { clock, entropy, audit, roots, store } = this.#ports
    const secret = entropy.bytes(32)
    const createdAt = clock.now()
    const row: JoinTokenRow = {
      id: uuidv7(clock, entropy),
      tokenHash: base64url(sha256(secret)),
      agent: of.agent,
      person: of.by,
      ...(of.delegation === undefined ? {} : { delegation: of.delegation }),
      ...(of.district === true && { district: true as const }),
      state: 'issued',
      createdAt,
      expiresAt: createdAt + TOKEN_LIFE_MS,
    }
    const receipt = await audit.append({
      type: 'join_token.issued',
      phase: 'admin',
      person: of.by,
      agent: of.agent,
      body: {
        joinToken: row.id,
        expiresAt: rfc3339(row.expiresAt),
        ...(of.delegation === undefined ? { unattended: true } : { delegation: of.delegation }),
        ...(of.district === true && { district: true }),
      },
    })
    await store.joinTokens.insert(row, receipt)
    this.#open.set(row.tokenHash, row)
    const token = formatJoinToken({ secret, authority: roots.serving.fingerprint })
    return { id: row.id, token, expiresAt: row.expiresAt }
  }

  /**
   * Runs `work` with the token that a text stands for, while nobody else can use it. `work` marks it used in the same
   * transaction as what it stores; when `work` throws before that, the token can still be used.
   */
  async use<R>(text: string, work: (held: Held<JoinTokenRow>) => Promise<R>): Promise<R> {
    const { secret, authority } = parseJoinToken(text)
    if (!this.#ports.roots.trusts(authority)) {
      throw fault('join_token.unknown', 'this join token is of another authority')
    }
    const tokenHash = base64url(sha256(secret))
    // Whoever comes second is told only when it is known who was first: that one is locked by then.
    for (let first; (first = this.#claimed.get(tokenHash)) !== undefined;) await first
    const using = this.#use(tokenHash, work)
    // INVARIANT: claimed in the turn in which nobody else was found, so that nobody else uses what is read.
    const settled = Promise.allSettled([using]).then(() => this.#claimed.delete(tokenHash))
    this.#claimed.set(tokenHash, settled)
    return using
  }

  async #use<R>(tokenHash: string, work: (held: Held<JoinTokenRow>) => Promise<R>): Promise<R> {
    const [held] = await this.#ports.store.joinTokens.all({ token_hash: tokenHash })
    if (held === undefined) throw fault('join_token.unknown', 'there is no such join token')
    if (held.doc.state === 'used') throw await this.#reused(held.doc)
    if (held.doc.state === 'expired' || held.doc.expiresAt <= this.#ports.clock.now()) {
      throw fault('join_token.expired', 'this join token has expired')
    }
    // Used since we know of it, whatever the row says: it was put back by hand (INV-13).
    if (!this.#open.has(tokenHash)) throw await this.#reused(held.doc)
    const result = await work(held)
    this.#open.delete(tokenHash)
    return result
  }

  /** Marks what has expired unused, so that only usable tokens are counted as such. */
  async expire(): Promise<void> {
    const { audit, clock, store } = this.#ports
    for (const [tokenHash, { id, expiresAt }] of this.#open) {
      if (expiresAt > clock.now() || this.#claimed.has(tokenHash)) continue
      const held = await store.joinTokens.get(id)
      if (held?.doc.state === 'issued') {
        const receipt = await audit.append({
          type: 'join_token.expired',
          phase: 'lifecycle',
          agent: held.doc.agent,
          body: { joinToken: id },
        })
        await store.joinTokens.replace(held, { ...held.doc, state: 'expired' }, receipt)
      }
      this.#open.delete(tokenHash)
    }
  }

  /**
   * Answers a second use: whoever was first may not be who was meant to be, and is locked before this is answered. Recorded once:
   * what follows is counted by the listener.
   */
  async #reused({ id, agent, usedBy }: JoinTokenRow): Promise<Error> {
    if (usedBy !== undefined) await this.#ports.onJoinRace?.(usedBy, agent)
    if (!this.#reported.has(id) && this.#reported.size < MAX_REPORTED) {
      this.#reported.add(id)
      await this.#ports.audit.append({
        type: 'join_token.reused',
        phase: 'lifecycle',
        agent,
        body: { joinToken: id, ...(usedBy === undefined ? {} : { usedBy }) },
      })
    }
    return fault('join_token.reused', 'this join token has been used')
  }
}
