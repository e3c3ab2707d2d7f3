// Holds what happens this second: every record of a call as it comes into the log, counted exactly, sampled for the eye.

import { get } from './api.ts'
import type { AuditEntry, AuditFound } from '../../src/sdk/types.ts'

/** How far back the charts go (s), and what one bar of them holds (s). */
export const SPAN_S = 900
export const BAR_S = 10
/** Calls that the list shows. */
const SHOWN = 120
/** How often the screen is told (ms). */
const TELL_MS = 250

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

export interface Bar {
  readonly allowed: number
  readonly denied: number
  readonly held: number
  readonly failed: number
  /** What Bailiwick itself added to calls that ended in it (µs). */
  readonly added: readonly number[]
}

export interface LiveView {
  readonly state: 'opening' | 'open' | 'broken' | 'forbidden'
  readonly calls: readonly LiveCall[]
  /** By the start of each (s since the epoch, a multiple of `BAR_S`). */
  readonly bars: ReadonlyMap<number, Bar>
  readonly agents: ReadonlyMap<string, number>
  readonly systems: ReadonlyMap<string, number>
  /** True where what was before this page is not all there. */
  readonly partial: boolean
}

const NONE: Bar = { allowed: 0, denied: 0, held: 0, failed: 0, added: [] }
/** Times that are kept of one bar: enough for its percentiles. */
const ADDED_MAX = 500

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

/** What a record says of its call; undefined for one that does not end, begin or refuse it. */
function outcomeOf({ record }: AuditEntry): Outcome | undefined {
  const { type, body } = record
  if (type === 'call.intent') return 'allowed'
  if (type === 'call.denied') return 'denied'
  if (type === 'approval.requested') return 'held'
  if (type === 'call.outcome' && body['status'] !== 'ok') return 'failed'
  return undefined
}

/** Watches the record for as long as somebody looks. */
export class Live {
  #view: LiveView = {
    state: 'opening',
    calls: [],
    bars: new Map(),
    agents: new Map(),
    systems: new Map(),
    partial: false,
  }
  readonly #calls = new Map<string, LiveCall>()
  readonly #bars = new Map<number, Bar>()
  readonly #agents = new Map<string, number>()
  readonly #systems = new Map<string, number>()
  readonly #listeners = new Set<() => void>()
  #source: EventSource | undefined
  #timer: ReturnType<typeof setInterval> | undefined
  #dirty = false
  #partial = false
  #last = -1
  #state: LiveView['state'] = 'opening'
  /** Counts the times that somebody began to look: what an earlier one waited for opens nothing any more. */
  #round = 0

  readonly view = (): LiveView => this.#view

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    if (this.#listeners.size === 1) void this.#open()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#close()
    }
  }

  async #open(): Promise<void> {
    const round = ++this.#round
    this.#timer = setInterval(() => this.#tell(), TELL_MS)
    if (this.#last < 0) await this.#before()
    if (this.#round !== round || this.#state === 'forbidden') return
    const after = this.#last < 0 ? '' : `&after=${this.#last}`
    const source = new EventSource(`/v1/audit/tail?q=${encodeURIComponent('type:call.*')}${after}`)
    this.#source = source
    source.addEventListener('open', () => this.#become('open'))
    source.addEventListener('error', () => this.#become('broken'))
    source.addEventListener('record', ({ data }) =>
      this.#take(JSON.parse(String(data)) as AuditEntry),
    )
  }

  #close(): void {
    this.#round += 1
    this.#source?.close()
    clearInterval(this.#timer)
    this.#source = this.#timer = undefined
  }

  /** What was before this page, so that the charts are not empty. */
  async #before(): Promise<void> {
    try {
      const found = await get<AuditFound>('/v1/audit/search', {
        q: 'type:call.* since:15m',
        limit: 500,
      })
      this.#partial = found.next !== null
      for (const entry of found.records.toReversed()) this.#take(entry)
    } catch (error) {
      if ((error as { status?: number }).status === 403) this.#become('forbidden')
      else this.#become('broken')
    }
  }

  #become(state: LiveView['state']): void {
    this.#state = state
    this.#dirty = true
    this.#tell()
  }

  #take(entry: AuditEntry): void {
    const { index, record } = entry
    if (index !== null) {
      if (index <= this.#last) return
      this.#last = index
    }
    this.#dirty = true
    const started = this.#calls.get(record.call ?? '')
    const { body } = record
    const timings = (body['timings'] ?? {}) as Record<string, unknown>
    const [total, upstream] = [number(timings['total_us']), number(timings['upstream_us'])]
    const outcome = outcomeOf(entry)
    this.#count(record.ts, outcome, total === undefined ? undefined : total - (upstream ?? 0))
    if (record.type === 'call.outcome' && started !== undefined) {
      const why = text(body['code'])
      this.#calls.set(started.id, {
        ...started,
        took: number(body['duration_ms']),
        why,
        outcome: outcome ?? started.outcome,
      })
      return
    }
    if (outcome === undefined || record.call === undefined) return
    const agent = record.agent ?? ''
    const system = record.system ?? ''
    this.#agents.set(agent, (this.#agents.get(agent) ?? 0) + 1)
    this.#systems.set(system, (this.#systems.get(system) ?? 0) + 1)
    this.#calls.set(record.call, {
      id: record.call,
      at: record.ts,
      agent,
      what: `${system}/${record.action ?? ''}`,
      outcome,
      why: text(body['code']),
      took: undefined,
    })
    for (const id of this.#calls.keys()) {
      if (this.#calls.size <= SHOWN) break
      this.#calls.delete(id)
    }
  }

  #count(ts: string, outcome: Outcome | undefined, added: number | undefined): void {
    const at = Math.floor(Date.parse(ts) / 1_000 / BAR_S) * BAR_S
    const bar = this.#bars.get(at) ?? NONE
    const times =
      added === undefined || bar.added.length >= ADDED_MAX ? bar.added : [...bar.added, added]
    this.#bars.set(at, { ...bar, ...(outcome && { [outcome]: bar[outcome] + 1 }), added: times })
    const oldest = Date.now() / 1_000 - SPAN_S - BAR_S
    for (const start of this.#bars.keys()) if (start < oldest) this.#bars.delete(start)
  }

  #tell(): void {
    if (!this.#dirty) return
    this.#dirty = false
    this.#view = {
      state: this.#state,
      calls: [...this.#calls.values()].toReversed(),
      bars: new Map(this.#bars),
      agents: new Map(this.#agents),
      systems: new Map(this.#systems),
      partial: this.#partial,
    }
    for (const listener of this.#listeners) listener()
  }
}
