// Holds what happens this second: calls as the record has them, counted one by one, sampled for the eye.

import type { AuditEntry } from '../../src/sdk/types.ts'
import { Tail, type TailState } from './tail.ts'

/** How far back the charts go (s), and what one bar of them holds (s). */
export const SPAN_S = 900
export const BAR_S = 10
/** Calls that the list shows. */
const SHOWN = 120
/** How often the screen is told (ms). */
const TELL_MS = 250
/** Times that are kept of one bar: enough for its percentiles. */
const ADDED_MAX = 500
/** What of a call is Bailiwick's: not the wait for people, and not the start of a program or a connection. */
const OURS = ['decide_us', 'record_us', 'inspect_us']
/** A call that is held is no `call.*` yet. */
const QUERIES = ['type:call.*', 'type:approval.requested']

export type Outcome = 'allowed' | 'denied' | 'held' | 'failed'

export interface LiveCall {
  readonly id: string
  readonly at: string
  readonly agent: string
  readonly what: string
  readonly outcome: Outcome
  readonly why: string
  /** Milliseconds, where it has ended. */
  readonly took: number | undefined
}

/** Calls that began within one step, each by what came of it. */
export type Bar = Readonly<Record<Outcome, number>>

interface Counted extends Record<Outcome, number> {
  /** What deciding, recording and inspecting took, of calls that ended in it (µs). */
  readonly added: number[]
}

export interface LiveView {
  readonly state: TailState
  readonly calls: readonly LiveCall[]
  /** By the start of each (s since the epoch, a multiple of `BAR_S`). */
  readonly bars: ReadonlyMap<number, Bar>
  /** What deciding, recording and inspecting took, of calls of the charts (µs), in no order. */
  readonly added: readonly number[]
  readonly agents: ReadonlyMap<string, number>
  readonly systems: ReadonlyMap<string, number>
  /** True where what was before this page is not all there. */
  readonly partial: boolean
}

const OUTCOMES: Readonly<Record<string, Outcome>> = {
  'call.intent': 'allowed',
  'call.denied': 'denied',
  'approval.requested': 'held',
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function barOf(ts: string): number {
  return Math.floor(Date.parse(ts) / 1_000 / BAR_S) * BAR_S
}

function more(counts: Map<string, number>, name = ''): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

/** Watches the record for as long as somebody looks. */
export class Live {
  readonly #calls = new Map<string, LiveCall>()
  readonly #bars = new Map<number, Counted>()
  /** Calls that went out and have not ended, with the bar that they began in. */
  readonly #under = new Map<string, number>()
  readonly #agents = new Map<string, number>()
  readonly #systems = new Map<string, number>()
  readonly #listeners = new Set<() => void>()
  readonly #tails = QUERIES.map(
    (query) =>
      new Tail(query, {
        take: (entry) => this.#take(entry),
        become: () => (this.#dirty = true),
      }),
  )
  #timer: ReturnType<typeof setInterval> | undefined
  #dirty = false
  #view: LiveView = this.#look()

  readonly view = (): LiveView => this.#view

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    if (this.#listeners.size === 1) {
      this.#timer = setInterval(() => this.#tell(), TELL_MS)
      for (const tail of this.#tails) void tail.open()
    }
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      clearInterval(this.#timer)
      for (const tail of this.#tails) tail.close()
    }
  }

  #take({ record }: AuditEntry): void {
    const { body, call, type } = record
    this.#dirty = true
    if (call === undefined) return
    if (type === 'call.outcome') return this.#ended(call, record.ts, body)
    const outcome = OUTCOMES[type]
    if (outcome === undefined) return
    const bar = barOf(record.ts)
    this.#bar(bar)[outcome] += 1
    if (outcome === 'allowed') this.#under.set(call, bar)
    if (outcome === 'held') {
      // The two queries are followed apart: what became of it may be known already. It is on whom it falls once it is answered.
      if (this.#calls.has(call)) return
    } else {
      more(this.#agents, record.agent)
      more(this.#systems, record.system)
    }
    this.#calls.delete(call)
    this.#calls.set(call, {
      id: call,
      at: record.ts,
      agent: record.agent ?? '',
      what: `${record.system ?? ''}/${record.action ?? ''}`,
      outcome,
      why: text(body['code']),
      took: undefined,
    })
    if (this.#calls.size > SHOWN) this.#calls.delete(this.#calls.keys().next().value!)
  }

  #ended(call: string, ts: string, body: AuditEntry['record']['body']): void {
    const began = this.#under.get(call)
    this.#under.delete(call)
    const failed = body['status'] !== 'ok'
    // One that began before all that is seen here is in no bar.
    if (failed && began !== undefined) {
      const bar = this.#bar(began)
      bar.allowed -= 1
      bar.failed += 1
    }
    const timings = (body['timings'] ?? {}) as Record<string, unknown>
    const { added } = this.#bar(barOf(ts))
    if (added.length < ADDED_MAX) {
      added.push(OURS.reduce((sum, part) => sum + (number(timings[part]) ?? 0), 0))
    }
    const shown = this.#calls.get(call)
    if (shown === undefined) return
    this.#calls.set(call, {
      ...shown,
      outcome: failed ? 'failed' : shown.outcome,
      why: text(body['code']),
      took: number(body['duration_ms']),
    })
  }

  #bar(start: number): Counted {
    const known = this.#bars.get(start)
    if (known !== undefined) return known
    const made: Counted = { allowed: 0, denied: 0, held: 0, failed: 0, added: [] }
    this.#bars.set(start, made)
    this.#forget()
    return made
  }

  /** Lets go of what the charts do not show any more. */
  #forget(): void {
    const oldest = Date.now() / 1_000 - SPAN_S - BAR_S
    for (const start of this.#bars.keys()) if (start < oldest) this.#bars.delete(start)
    for (const [call, start] of this.#under) if (start < oldest) this.#under.delete(call)
  }

  #tell(): void {
    if (!this.#dirty) return
    this.#dirty = false
    this.#view = this.#look()
    for (const listener of this.#listeners) listener()
  }

  #look(): LiveView {
    const states = this.#tails.map(({ state }) => state)
    const bars = [...this.#bars]
    return {
      state: states.find((state) => state !== 'open') ?? 'open',
      calls: [...this.#calls.values()].toReversed(),
      bars: new Map(bars.map(([start, bar]) => [start, { ...bar }])),
      added: bars.flatMap(([, { added }]) => added),
      agents: new Map(this.#agents),
      systems: new Map(this.#systems),
      partial: this.#tails.some(({ partial }) => partial),
    }
  }
}
