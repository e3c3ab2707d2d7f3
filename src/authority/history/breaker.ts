// Holds the circuit breakers: a lineage that is refused, fails or repeats itself too often is stopped before errors compound.

import { Buckets } from './buckets.ts'
import { lineageOf, type Asked } from './entry.ts'

/** What trips a breaker, each within a minute. */
export type BreakerWhat = 'denials' | 'errors' | 'identical'

/** How many of each a lineage may have within a minute; 0: that many do not matter. */
export type BreakerBounds = Readonly<Record<BreakerWhat, number>>

/** Generous: work that goes well comes nowhere near. */
export const BREAKER_BOUNDS: BreakerBounds = { denials: 100, errors: 50, identical: 30 }

/** Bounds that people set for one agent, or for all. */
interface BreakerLimits {
  breaker(what: BreakerWhat, agent: string): number | undefined
}

/** A breaker that tripped. */
export interface Trip {
  /** The agent at the head of the chain, which is to be suspended. */
  readonly agent: string
  /** The instance whose call it was. */
  readonly instance: string
  readonly what: BreakerWhat
  /** How many there were within the minute, and how many may be. */
  readonly count: number
  readonly most: number
  /** ms since the epoch. */
  readonly at: number
}

const WINDOW_MS = 60_000
const BUCKET_MS = 1_000
/** Different calls of one lineage that are watched for repetition; the one that was made longest ago goes first. */
const MOST_CALLS = 256
/** Times that are kept of one call: no bound on identical calls is above this. */
export const MOST_TIMES = 10_000

interface Watched {
  readonly agent: string
  readonly denials: Buckets
  readonly errors: Buckets
  /** When each call was made, ms since the epoch, the oldest first; no more of them than trip it. */
  readonly calls: Map<string, number[]>
}

/**
 * The breakers. They count for the lineage, so that enrolling again resets nothing, and in memory alone: a restart forgets one
 * minute. A breaker that tripped is open at once, whatever becomes of the suspension, until a person activates the agent again.
 */
export class Breakers {
  readonly #limits: BreakerLimits
  readonly #watched = new Map<string, Watched>()
  readonly #open = new Set<string>()
  /** Agents that were seen suspended since their breaker tripped. */
  readonly #suspended = new Set<string>()
  readonly #listeners = new Set<(trip: Trip) => void>()
  #bounds: BreakerBounds = BREAKER_BOUNDS

  constructor(limits: BreakerLimits) {
    this.#limits = limits
  }

  /** Sets the bounds of agents for which no limit sets others. */
  set(bounds: BreakerBounds): void {
    this.#bounds = bounds
  }

  /** Told synchronously of each breaker that trips, once until the agent is active again. Returns the way to stop listening. */
  onTrip(listener: (trip: Trip) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** True where the breaker of an agent has tripped and nobody has activated it again. */
  isOpen(agent: string): boolean {
    return this.#open.has(agent)
  }

  denied(asked: Asked, instance: string, now: number): void {
    const { denials } = this.#of(asked)
    denials.add(ONE, now)
    this.#judge('denials', denials.sum(0, now), asked, instance, now)
  }

  failed(asked: Asked, instance: string, now: number): void {
    const { errors } = this.#of(asked)
    errors.add(ONE, now)
    this.#judge('errors', errors.sum(0, now), asked, instance, now)
  }

  /** Told of each call that is not read-only; `args` is the commitment to its arguments. */
  called(asked: Asked, args: string, instance: string, now: number): void {
    const { calls } = this.#of(asked)
    const key = `${args} ${asked.system}/${asked.action}`
    const times = calls.get(key) ?? []
    if (calls.delete(key))
      while (times[0] !== undefined && times[0] <= now - WINDOW_MS) times.shift()
    else if (calls.size >= MOST_CALLS) calls.delete(calls.keys().next().value ?? '')
    times.push(now)
    calls.set(key, times)
    this.#judge('identical', times.length, asked, instance, now)
    if (times.length > MOST_TIMES) times.shift()
  }

  /** Told of each change of an agent: one that a person activates again begins anew. */
  changed(agent: string, active: boolean): void {
    if (!active) {
      this.#suspended.add(agent)
      return
    }
    if (!this.#suspended.delete(agent)) return
    this.#open.delete(agent)
    for (const [key, watched] of this.#watched) {
      if (watched.agent === agent) this.#watched.delete(key)
    }
  }

  /** Drops what nothing is left of. */
  tidy(now: number): void {
    for (const [key, { denials, errors, calls }] of this.#watched) {
      for (const [call, times] of calls) {
        if ((times.at(-1) ?? 0) <= now - WINDOW_MS) calls.delete(call)
      }
      if (calls.size === 0 && denials.empty(now) && errors.empty(now)) this.#watched.delete(key)
    }
  }

  #of(asked: Asked): Watched {
    const key = lineageOf(asked)
    let watched = this.#watched.get(key)
    if (watched === undefined) {
      watched = {
        agent: asked.agents[0] ?? '',
        denials: new Buckets(WINDOW_MS, BUCKET_MS, 1),
        errors: new Buckets(WINDOW_MS, BUCKET_MS, 1),
        calls: new Map(),
      }
      this.#watched.set(key, watched)
    }
    return watched
  }

  #judge(what: BreakerWhat, count: number, asked: Asked, instance: string, now: number): void {
    const agent = asked.agents[0] ?? ''
    const most = this.#limits.breaker(what, agent) ?? this.#bounds[what]
    if (most === 0 || count <= most || this.#open.has(agent)) return
    this.#open.add(agent)
    for (const listener of this.#listeners) {
      listener({ agent, instance, what, count, most, at: now })
    }
  }
}

const ONE = [1] as const
