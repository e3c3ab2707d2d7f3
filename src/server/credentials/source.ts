// Holds the port of sources: where the value of a credential comes from, wherever it is kept.

import type { OpenSecret, Secrets } from '../../authority/secrets/secrets.ts'
import type { Clock } from '../../std/clock.ts'
import { parseReference } from '../../wire/credential-reference.ts'
import { credentialFault } from './faults.ts'

/** Which value is asked for, and for how long it is waited. */
export interface Asked {
  readonly system: string
  readonly name: string
  /** What the store says of it: a value, or where it is kept. */
  readonly held: OpenSecret
  /** True: one that is minted for this call alone, where the source mints. */
  readonly perCall: boolean
  readonly signal: AbortSignal | undefined
}

/** A value in clear, for one call. */
export interface Opened {
  readonly value: string
  /** Id for the record, with its version; no secret. */
  readonly id: string
  /** Gives it back, where it was minted for this call alone. Never rejects. */
  readonly conclude?: () => Promise<void>
}

/** Somewhere that values come from. Synchronous where nothing has to be fetched. */
export interface CredentialSource {
  open(asked: Asked): Opened | Promise<Opened>
  /** Gives back what it holds. Never rejects. */
  close(): Promise<void>
}

/** The sealed store of this home. */
const sealedSource: CredentialSource = {
  open: ({ name, held: { version, value = '' } }) => ({
    value,
    id: `secret:${name}@v${version}`,
  }),
  close: () => Promise.resolve(),
}

/** How long an opened value may serve further calls (ms), before it is dropped and opened anew. */
const RECENT_MS = 1_000
/** Opened values at once. */
const MOST_RECENT = 256

interface Recent {
  readonly held: OpenSecret
  /** Monotonic ms. */
  readonly until: number
}

/**
 * Every source, chosen by what the store says of a credential. Opening an envelope costs as much as a decision, so that under load one
 * opening serves the calls of a second; whoever calls `drop` regularly keeps nothing longer than that.
 */
export class CredentialSources {
  readonly #recent = new Map<string, Recent>()
  readonly #secrets: Pick<Secrets, 'find' | 'get'>
  readonly #vault: CredentialSource | undefined
  readonly #clock: Clock

  constructor(of: {
    readonly secrets: Pick<Secrets, 'find' | 'get'>
    readonly vault: CredentialSource | undefined
    readonly clock: Clock
  }) {
    this.#secrets = of.secrets
    this.#vault = of.vault
    this.#clock = of.clock
  }

  /** The value of a credential. Throws, or rejects with, `credential.*`. */
  open(of: Omit<Asked, 'held'>): Opened | Promise<Opened> {
    const known = this.#secrets.get(of.system, of.name)
    const held = known === undefined ? undefined : this.#opened(of, known.version ?? 1)
    if (known === undefined || held === undefined) {
      throw credentialFault('credential.missing', `${of.system} needs ${of.name}, which is not set`)
    }
    if (known.expiresAt !== undefined && known.expiresAt <= this.#clock.now()) {
      throw credentialFault('credential.ended', `${of.name} of ${of.system} has ended`)
    }
    if (held.reference === undefined) return sealedSource.open({ ...of, held })
    if (this.#vault === undefined || parseReference(held.reference) === undefined) {
      throw credentialFault(
        'credential.no_source',
        `${of.name} of ${of.system} is kept in a vault, and none is set up`,
      )
    }
    return this.#vault.open({ ...of, held })
  }

  /** Drops opened values that no call may use any more. */
  drop(): void {
    const now = this.#clock.monotonic()
    for (const [key, { until }] of this.#recent) if (until <= now) this.#recent.delete(key)
  }

  #opened({ system, name }: Omit<Asked, 'held'>, version: number): OpenSecret | undefined {
    const key = `${system}/${name}`
    const recent = this.#recent.get(key)
    const now = this.#clock.monotonic()
    if (recent !== undefined && recent.until > now && recent.held.version === version) {
      return recent.held
    }
    this.#recent.delete(key)
    const held = this.#secrets.find(system, name)
    if (held?.value !== undefined && this.#recent.size < MOST_RECENT) {
      this.#recent.set(key, { held, until: now + RECENT_MS })
    }
    return held
  }

  /** Gives back what sources hold. */
  close(): Promise<void> {
    this.#recent.clear()
    return this.#vault?.close() ?? Promise.resolve()
  }
}

/** Values, one and all: at once where all of them are there. */
export function together<T>(
  values: readonly (T | Promise<T>)[],
): readonly T[] | Promise<readonly T[]> {
  const there = values.filter((value): value is T => !(value instanceof Promise))
  if (there.length === values.length) return there
  return Promise.all(values.map((value) => Promise.resolve(value)))
}

/** Goes on at once where a value is there, and later where it has to be fetched. */
export function onward<T, R>(value: T | Promise<T>, to: (value: T) => R): R | Promise<R> {
  return value instanceof Promise ? value.then(to) : to(value)
}
