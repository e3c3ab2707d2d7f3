// Holds who listens by `subscriptions/listen` (2026-07-28): each caller's streams, told only of what its own conversations say.

import type { JsonObject } from '../../std/json.ts'
import type { Presented } from '../../wire/presented.ts'
import { isDenial } from '../denial.ts'
import type { Governing } from '../governing.ts'
import type { SurfacePorts } from '../ports.ts'

/** Streams that one caller listens on at once. */
const PER_OWNER = 16

/** One stream that listens. */
export interface Listener {
  readonly owner: string
  /** The system that it hears of; nothing: all. */
  readonly system: string
  /** Resources that it was promised to hear of, as the client knows them. */
  readonly uris: readonly string[]
  readonly presented: Presented
  /** Told of a notification of a system, with the names of the system's own. */
  hear(system: string, method: string, params: JsonObject): void
  /** It may not listen any more. */
  end(): void
}

/** Every listener of this gateway. */
export class Listeners {
  readonly #governor: Governing
  readonly #byOwner = new Map<string, Set<Listener>>()
  readonly #stop: (() => void)[]

  constructor(ports: SurfacePorts, governor: Governing) {
    this.#governor = governor
    const look = (): void => this.#endRefused()
    this.#stop = [
      ports.locks.onChange(look),
      ports.identities.onGone(look),
      ports.identities.onDelegationEnd(look),
      ports.identities.onTaskEnd(look),
    ]
  }

  /** Adds one; undefined where this caller has too many. Returns the way to stop. */
  add(listener: Listener): (() => void) | undefined {
    const own = this.#byOwner.get(listener.owner) ?? new Set<Listener>()
    if (own.size >= PER_OWNER) return undefined
    this.#byOwner.set(listener.owner, own.add(listener))
    return () => {
      own.delete(listener)
      if (own.size === 0) this.#byOwner.delete(listener.owner)
    }
  }

  /** Passes on what a conversation of this caller says. */
  tell(owner: string, system: string, method: string, params: JsonObject): void {
    for (const listener of this.#byOwner.get(owner) ?? []) {
      if (listener.system !== '' && listener.system !== system) continue
      if (this.#mayHear(listener.presented, system)) listener.hear(system, method, params)
    }
  }

  /** True where another stream of the caller hears of this resource. */
  hearOf(owner: string, system: string, uri: string): boolean {
    return [...(this.#byOwner.get(owner) ?? [])].some(
      (listener) => listener.system === system && listener.uris.includes(uri),
    )
  }

  #mayHear(presented: Presented, system: string): boolean {
    return !isDenial(this.#governor.stillAdmitted({ presented, system, action: '' }))
  }

  #endRefused(): void {
    for (const own of this.#byOwner.values()) {
      for (const listener of own) {
        if (!this.#mayHear(listener.presented, listener.system)) listener.end()
      }
    }
  }

  close(): void {
    for (const stop of this.#stop) stop()
    for (const own of this.#byOwner.values()) for (const listener of own) listener.end()
  }
}
