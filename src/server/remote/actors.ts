// Holds who is who at a gateway: asked of control once, remembered for a moment, and forgotten when control says that it changed.

import { gatewayFault } from '../../gateway/faults.ts'
import type { IdentityPort } from '../../gateway/ports.ts'
import type { Clock } from '../../std/clock.ts'
import { isObject, stringifyJson, type Json, type JsonObject } from '../../std/json.ts'
import type { Actor } from '../../wire/actor.ts'
import type { Presented, Unauthenticated } from '../../wire/presented.ts'
import type { Control } from './control.ts'

/** For how long an answer is taken without asking again, and beyond which it is waited for (ms). Calls are decided by control anyway. */
const FRESH_MS = 1_000
const STALE_MS = 5_000
/** Credentials that are remembered; the longest unused goes first. */
const MOST = 20_000

interface Known {
  readonly found: Actor | Unauthenticated
  at: number
}

/** What actors are known from. */
export interface ActorsParts {
  readonly control: Pick<Control, 'reach'>
  readonly clock: Clock
  /** How long control is waited for (ms). */
  readonly waitMs: () => number
}

/** The callers of a gateway. */
export class RemoteActors implements IdentityPort {
  readonly #parts: ActorsParts
  readonly #known = new Map<string, Known>()
  readonly #asking = new Map<string, Promise<void>>()
  readonly #presented = new WeakMap<Actor, Presented>()
  readonly #gone = new Set<(instance: string) => void>()
  readonly #over = new Set<(delegation: string) => void>()
  readonly #done = new Set<(task: string) => void>()

  constructor(parts: ActorsParts) {
    this.#parts = parts
  }

  recognise(presented: Presented): Promise<void> | undefined {
    const key = keyOf(presented)
    const age = this.#parts.clock.monotonic() - (this.#known.get(key)?.at ?? -Infinity)
    if (age < FRESH_MS) return undefined
    const asking = this.#asking.get(key) ?? this.#ask(key, presented)
    return age < STALE_MS ? undefined : asking
  }

  actorOf(presented: Presented): Actor | Unauthenticated {
    const known = this.#known.get(keyOf(presented))
    if (known !== undefined) return known.found
    const { code, detail } = gatewayFault('admit.stale_view', 'control cannot be asked who this is')
    return { refused: true, code, detail }
  }

  /** What an actor of this gateway presented: by that, control knows who is meant. */
  presentedBy(actor: Actor): Presented | undefined {
    return this.#presented.get(actor)
  }

  onGone(listener: (instance: string) => void): () => void {
    return added(this.#gone, listener)
  }

  onDelegationEnd(listener: (delegation: string) => void): () => void {
    return added(this.#over, listener)
  }

  onTaskEnd(listener: (task: string) => void): () => void {
    return added(this.#done, listener)
  }

  /** An instance is no longer live. */
  gone(instance: string): void {
    this.#forget((actor) => actor.instance === instance || isBelow(actor, instance))
    for (const listener of this.#gone) listener(instance)
  }

  /** A delegation has ended. */
  over(delegation: string): void {
    this.#forget(
      (actor) =>
        actor.delegation?.id === delegation ||
        actor.chain.some((one) => one.delegation === delegation),
    )
    for (const listener of this.#over) listener(delegation)
  }

  /** A task has ended. */
  done(task: string): void {
    this.#forget((actor) => actor.task?.id === task)
    for (const listener of this.#done) listener(task)
  }

  /** Anything may be different: everybody is asked about again at their next request. */
  changed(): void {
    for (const known of this.#known.values()) known.at = -Infinity
  }

  #forget(picked: (actor: Actor) => boolean): void {
    for (const [key, { found }] of this.#known) {
      if ('refused' in found ? found.of !== undefined && picked(found.of) : picked(found)) {
        this.#known.delete(key)
      }
    }
  }

  #ask(key: string, presented: Presented): Promise<void> {
    const asking = this.#answer(key, presented).finally(() => this.#asking.delete(key))
    this.#asking.set(key, asking)
    return asking
  }

  /** What cannot be asked stays as it was: too old, it is nobody. */
  async #answer(key: string, presented: Presented): Promise<void> {
    const { clock, control, waitMs } = this.#parts
    const at = clock.monotonic()
    const link = await control.reach(waitMs())
    const found = await link?.ask('who', { presented } as unknown as JsonObject).catch(() => null)
    if (!isObject(found ?? null)) {
      if (clock.monotonic() - (this.#known.get(key)?.at ?? -Infinity) > STALE_MS) {
        this.#known.delete(key)
      }
      return
    }
    const actor = found as unknown as Actor | Unauthenticated
    const who = 'refused' in actor ? actor.of : actor
    if (who !== undefined) this.#presented.set(who, presented)
    this.#known.delete(key)
    const oldest = this.#known.keys().next().value
    if (this.#known.size >= MOST && oldest !== undefined) this.#known.delete(oldest)
    this.#known.set(key, { found: actor, at })
  }
}

function keyOf(presented: Presented): string {
  return stringifyJson(presented as unknown as Json)
}

function isBelow(actor: Actor, instance: string): boolean {
  return actor.chain.some((one) => one.instance === instance)
}

function added<T>(set: Set<T>, listener: T): () => void {
  set.add(listener)
  return () => set.delete(listener)
}
