// Holds tokens that are used for more than one call: bounded, until shortly before they end, each fetched once however many wait.

import type { Clock } from '../../std/clock.ts'
import { credentialFault } from './faults.ts'
import type { Granted } from './token-endpoint.ts'

/** Tokens that are kept. */
const MOST = 10_000
/** Fetches under way. */
const MOST_FLIGHTS = 1_000
/** How long before its end a token is no longer used (ms): the call has to arrive with it. */
const AHEAD_MS = 30_000
/** How long a token is used of which nobody said when it ends (ms). */
const UNSAID_MS = 300_000

/** What a token that is kept is for, and how it is given back. */
export interface Minted {
  readonly system: string
  /** Person id; empty: nobody's. */
  readonly whose: string
  /** Takes it back at its system. True where that said yes; undefined where it takes nothing back. Never rejects. */
  readonly revoke: (token: Granted) => Promise<boolean | undefined>
}

/** A token that was taken out, being given back. */
export interface Taken extends Omit<Minted, 'revoke'> {
  /** ms since the epoch; absent: nobody said. */
  readonly expiresAt?: number
  readonly revoked: Promise<boolean | undefined>
}

interface Flight {
  readonly token: Promise<Granted>
  readonly minted: Minted | undefined
  /** Once it was taken, it is kept for nobody. */
  readonly mark: { taken: boolean }
}

interface Kept {
  readonly token: Granted
  readonly minted: Minted | undefined
  /** Monotonic ms: a clock that is set back makes nothing last longer. */
  readonly until: number
  /** ms since the epoch. */
  readonly ends: number
}

/** The tokens. A key names system, terms, version of the client's secret and, where there is one, the person. */
export class TokenCache {
  readonly #clock: Clock
  readonly #kept = new Map<string, Kept>()
  readonly #flights = new Map<string, Flight>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * The token of a key, fetched where there is none that lasts. Whoever waits leaves with the reason of its own signal; the fetch goes
   * on for the others. What a fetch rejects with is not kept.
   */
  get(
    key: string,
    fetch: () => Promise<Granted>,
    signal: AbortSignal | undefined,
    minted?: Minted,
  ): Granted | Promise<Granted> {
    const kept = this.#kept.get(key)
    if (kept !== undefined && this.#holds(kept)) return kept.token
    let flight = this.#flights.get(key)
    if (flight === undefined) {
      if (this.#flights.size >= MOST_FLIGHTS) {
        throw credentialFault('credential.busy', 'too many tokens are being asked for at once')
      }
      const mark = { taken: false }
      flight = { token: this.#fetched(key, fetch, minted, mark), minted, mark }
      this.#flights.set(key, flight)
    }
    return unlessAborted(flight.token, signal)
  }

  /** Forgets every token whose key begins so. */
  forget(prefix: string): void {
    for (const key of this.#kept.keys()) if (key.startsWith(prefix)) this.#kept.delete(key)
  }

  /** Takes out tokens that were minted for these, and has each taken back at its system; those that are on their way too. */
  take(isMeant: (of: Omit<Minted, 'revoke'>) => boolean): readonly Taken[] {
    const taken: Taken[] = []
    for (const [key, { token, minted }] of this.#kept) {
      if (minted === undefined || !isMeant(minted)) continue
      this.#kept.delete(key)
      const { system, whose } = minted
      const ends = token.expiresAt === undefined ? {} : { expiresAt: token.expiresAt }
      taken.push({ system, whose, ...ends, revoked: minted.revoke(token) })
    }
    for (const [key, { token, minted, mark }] of this.#flights) {
      if (minted === undefined || !isMeant(minted)) continue
      // Whoever waits for it is cut.
      mark.taken = true
      this.#flights.delete(key)
      const { system, whose } = minted
      const revoked = token.then(minted.revoke, () => true)
      taken.push({ system, whose, revoked })
    }
    return taken
  }

  async #fetched(
    key: string,
    fetch: () => Promise<Granted>,
    minted: Minted | undefined,
    mark: Flight['mark'],
  ): Promise<Granted> {
    try {
      const token = await fetch()
      if (!mark.taken) this.#keep(key, token, minted)
      return token
    } finally {
      if (!mark.taken) this.#flights.delete(key)
    }
  }

  #keep(key: string, token: Granted, minted: Minted | undefined): void {
    const now = this.#clock.now()
    const life = (token.expiresAt ?? now + UNSAID_MS) - now
    // One that lives for less than that is used for the calls that waited for it, and for no other.
    if (life <= AHEAD_MS) return
    this.#kept.delete(key)
    for (const old of this.#kept.keys()) {
      if (this.#kept.size < MOST) break
      this.#kept.delete(old)
    }
    const lasts = life - AHEAD_MS
    this.#kept.set(key, {
      token,
      minted,
      until: this.#clock.monotonic() + lasts,
      ends: now + lasts,
    })
  }

  #holds({ until, ends }: Kept): boolean {
    return this.#clock.monotonic() < until && this.#clock.now() < ends
  }
}

/** What a promise resolves with, or the reason of a signal that is quicker. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  // Whoever leaves leaves a promise that may still reject.
  promise.catch(() => undefined)
  if (signal.aborted) return Promise.reject(signal.reason as Error)
  return new Promise<T>((resolve, reject) => {
    const left = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', left, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', left))
  })
}
