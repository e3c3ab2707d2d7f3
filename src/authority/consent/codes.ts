// Holds authorization codes: what a person agreed to, for the minute in which its client may come for it (RFC 6749 §4.1.2).

import { base64url, sha256 } from '../../std/bytes.ts'
import { uuidv7 } from '../../std/id.ts'
import type { Receipt } from '../../wire/record.ts'
import { Pending } from '../sessions/pending.ts'
import type { ConsentPorts } from './ports.ts'
import type { AuthorizationRequest } from './request.ts'
import { openHandle, sealHandle } from './sealed-handle.ts'

/** How long a code can be used (ms). */
const CODE_MS = 60_000
/** Codes of everybody that wait at once; only people who are signed in make them. */
const MOST = 1_000

/** What a person agreed to. */
export interface Agreement {
  /** What the consent will be known by, once its code is used: the id of its refresh family. */
  readonly id: string
  /** Person id. */
  readonly person: string
  /** Name of the agent behind the client. */
  readonly agent: string
  readonly request: AuthorizationRequest
  /** What the person ticked. */
  readonly scope: readonly string[]
  /** ms since the epoch. */
  readonly expiresAt: number
}

/** What a code turned out to be: its agreement, a code that was used before (and for which consent), or nothing of ours. */
export type CodeFound =
  | { readonly found: 'fresh'; readonly agreement: Agreement }
  | { readonly found: 'used'; readonly consent: string }
  | { readonly found: 'nothing' }

/**
 * The codes that wait, by their hashes, in memory alone: after a restart a client has to send its user again, and nothing is left
 * over, since delegation and instance come into being when a code is used. That one was used is remembered in the database
 * (`spent`), so that a second use is known for what it is even after a restart.
 */
export class Codes {
  readonly #ports: Pick<ConsentPorts, 'clock' | 'entropy' | 'sealer' | 'store'>
  readonly #waiting: Pending<Agreement>
  /** Codes that were taken and not marked yet: hash → consent. As many as token requests are being answered. */
  readonly #taken = new Map<string, string>()

  constructor(ports: Pick<ConsentPorts, 'clock' | 'entropy' | 'sealer' | 'store'>) {
    this.#ports = ports
    this.#waiting = new Pending(ports.clock, { most: MOST, lifeMs: CODE_MS })
  }

  /** Makes the code of an agreement. */
  issue(of: Omit<Agreement, 'id'>): { readonly code: string; readonly agreement: Agreement } {
    const { clock, entropy, sealer } = this.#ports
    const agreement: Agreement = { ...of, id: uuidv7(clock, entropy) }
    const code = sealHandle(sealer, 'authorization-code', { family: agreement.id, place: 0 })
    this.#waiting.put(hashOf(code), agreement)
    return { code, agreement }
  }

  /** Uses a code up: of two who come with it at once, one finds it fresh. `settle` has to follow a fresh one, however that ended. */
  async take(code: string): Promise<CodeFound> {
    const handle = openHandle(this.#ports.sealer, 'authorization-code', code)
    if (handle === undefined) return { found: 'nothing' }
    const hash = hashOf(code)
    const agreement = this.#waiting.take(hash)
    if (agreement !== undefined) {
      this.#taken.set(hash, agreement.id)
      return { found: 'fresh', agreement }
    }
    if (this.#taken.has(hash)) return { found: 'used', consent: handle.family }
    const spent = await this.#ports.store.spent.get(markOf(hash))
    return spent === undefined ? { found: 'nothing' } : { found: 'used', consent: handle.family }
  }

  /** Marks a code as used, for as long as anything that came of it lives. */
  async mark(code: string, expiresAt: number, receipt: Receipt): Promise<void> {
    await this.#ports.store.spent.insert({ id: markOf(hashOf(code)), expiresAt }, receipt)
  }

  /** What was taken is no longer being answered. */
  settle(code: string): void {
    this.#taken.delete(hashOf(code))
  }
}

function hashOf(code: string): string {
  return base64url(sha256(code))
}

function markOf(hash: string): string {
  return `code:${hash}`
}
