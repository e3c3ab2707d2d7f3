// Holds the metrics of a Bailiwick that runs: counted from the records themselves, so that no figure says what the log does not.

import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { AuditLog } from '../audit/log.ts'
import type { Exports } from '../audit/export/exports.ts'
import type { Search } from '../audit/search/search.ts'
import type { Locks } from '../authority/locks/locks.ts'
import type { Clock } from '../std/clock.ts'
import { Histogram } from '../std/histogram.ts'
import { isObject } from '../std/json.ts'
import type { AuditRecord } from '../wire/record.ts'

/** Parts of a call, as its records name them, `_us` behind. */
const PHASES = ['decide', 'wait', 'record', 'equip', 'upstream', 'inspect', 'total'] as const
/** What a call is while somebody else has it: people, and the system. */
const ELSEWHERE: readonly string[] = ['wait', 'upstream']
/** Codes that are told apart; they are ours, and there are fewer. */
const CODES_MAX = 500
const CERTIFIED: readonly string[] = ['instance.enrolled', 'instance.renewed']

/** Counts what is recorded. */
export class Metrics {
  readonly #audit: Pick<AuditLog, 'subscribe' | 'stats'>
  readonly #exports: Pick<Exports, 'states'>
  readonly #search: Pick<Search, 'state'>
  readonly #locked = new Histogram()
  readonly #phases = new Map(PHASES.map((phase) => [phase, new Histogram()]))
  readonly #added = new Histogram()
  readonly #outcomes = new Map<string, number>()
  readonly #denials = new Map<string, number>()
  readonly #loop = monitorEventLoopDelay({ resolution: 20 })
  readonly #stops: (() => void)[]
  #certificates = 0
  #records = 0
  #startSeconds: number | undefined

  constructor(of: {
    readonly audit: Pick<AuditLog, 'subscribe' | 'stats'>
    readonly exports: Pick<Exports, 'states'>
    readonly search: Pick<Search, 'state'>
  }) {
    this.#audit = of.audit
    this.#exports = of.exports
    this.#search = of.search
    this.#loop.enable()
    const stop = of.audit.subscribe((records) => {
      for (const { record } of records) this.#take(record)
    })
    this.#stops = [stop]
  }

  /**
   * Says that everything listens: the start is over. Locks are listened to from here on, behind everybody who cuts what a lock cuts: how long it
   * took them is in the figure.
   */
  ready(locks: Pick<Locks, 'onChange'>, clock: Pick<Clock, 'now'>): void {
    this.#startSeconds = process.uptime()
    const stop = locks.onChange((change, { at }) => {
      if (change === 'added') this.#locked.observe(Math.max(0, clock.now() - at) / 1_000)
    })
    this.#stops.push(stop)
  }

  /** Prometheus text format 0.0.4. No name of an agent, a system or a person: those of sinks are the configuration's. */
  text(): string {
    return [
      this.#calls(),
      family('call_denials_total', 'counter', 'Calls that did not run, by code.', [
        ...labelled('code', this.#denials),
      ]),
      head(
        'lock_enforced_seconds',
        'histogram',
        'From the moment that a lock was asked for until it was in force here and had cut what it cuts.',
      ),
      this.#locked.samples('bailiwick_lock_enforced_seconds'),
      this.#log(),
      this.#sinks(),
      this.#process(),
    ].join('')
  }

  close(): void {
    for (const stop of this.#stops) stop()
    this.#loop.disable()
  }

  #take(record: AuditRecord): void {
    this.#records += 1
    const { type, body } = record
    if (CERTIFIED.includes(type)) this.#certificates += 1
    if (type !== 'call.outcome' && type !== 'call.denied') return
    const denied = type === 'call.denied'
    const status = denied ? 'denied' : text(body['status'])
    count(this.#outcomes, status)
    if (denied) count(this.#denials, text(body['code']))
    const timings = isObject(body['timings']) ? body['timings'] : {}
    let elsewhere = 0
    for (const phase of PHASES) {
      const micros = timings[`${phase}_us`]
      if (typeof micros !== 'number') continue
      this.#phases.get(phase)?.observe(micros / 1e6)
      if (ELSEWHERE.includes(phase)) elsewhere += micros
    }
    const total = timings['total_us']
    if (!denied && typeof total === 'number') {
      this.#added.observe(Math.max(0, total - elsewhere) / 1e6)
    }
  }

  #calls(): string {
    const samples = PHASES.map((phase) =>
      (this.#phases.get(phase) ?? new Histogram()).samples(
        'bailiwick_call_seconds',
        `phase="${phase}"`,
      ),
    )
    return [
      family('calls_total', 'counter', 'Calls by how they ended.', [
        ...labelled('outcome', this.#outcomes),
      ]),
      head('call_seconds', 'histogram', 'What each part of a call took.'),
      ...samples,
      head(
        'call_added_seconds',
        'histogram',
        'What a call took beyond its system and the people that it waited for.',
      ),
      this.#added.samples('bailiwick_call_added_seconds'),
      family('certificates_total', 'counter', 'Certificates of instances that were issued.', [
        ['', this.#certificates],
      ]),
    ].join('')
  }

  #log(): string {
    const stats = this.#audit.stats()
    const { size, published, backlogSegments, freeBytes } = stats
    return [
      family('log_sequencer_failing', 'gauge', '1 while durable records do not reach the log.', [
        ['', stats.sequencerProblem === undefined ? 0 : 1],
      ]),
      family(
        'log_break_glass',
        'gauge',
        '1 while records go to another disk, or have yet to come back.',
        [['', stats.breakGlass === undefined ? 0 : 1]],
      ),
      family(
        'log_free_bytes',
        'gauge',
        'Bytes that are free on the volume of the spool, as last looked at.',
        freeBytes === undefined ? [] : [['', freeBytes]],
      ),
      family('search_lag_records', 'gauge', 'Records that the search index has not taken up.', [
        ['', this.#search.state().lag],
      ]),
      family('records_total', 'counter', 'Records that became durable in this start.', [
        ['', this.#records],
      ]),
      family(
        'log_unpublished',
        'gauge',
        'Records in the log that no published checkpoint covers.',
        [['', Math.max(0, size - published)]],
      ),
      family('log_backlog_segments', 'gauge', 'Spool segments that are not in the log.', [
        ['', backlogSegments],
      ]),
    ].join('')
  }

  #sinks(): string {
    const states = this.#exports.states()
    const of = (value: (state: (typeof states)[number]) => number) =>
      states.map((state) => [`{sink="${state.name}"}`, value(state)] as const)
    return [
      family(
        'sink_lag_records',
        'gauge',
        'Records that a sink has not had.',
        of(({ lag }) => lag),
      ),
      family(
        'sink_sent_total',
        'counter',
        'Events sent to a sink.',
        of(({ sent }) => sent),
      ),
      family(
        'sink_refused_total',
        'counter',
        'Events that a sink refused for good.',
        of(({ refused }) => refused),
      ),
      family(
        'sink_failing',
        'gauge',
        '1 while a sink stands still.',
        of(({ problem }) => (problem === undefined ? 0 : 1)),
      ),
    ].join('')
  }

  #process(): string {
    const started = this.#startSeconds
    const { user, system } = process.cpuUsage()
    return [
      family('start_seconds', 'gauge', 'From the start of the process until it was ready.', [
        ['', started ?? 0],
      ]),
      family('event_loop_delay_p99_seconds', 'gauge', 'Delay of the thread that decides.', [
        ['', this.#loop.percentile(99) / 1e9],
      ]),
      family('resident_memory_bytes', 'gauge', 'Memory of this process.', [
        ['', process.memoryUsage.rss()],
      ]),
      family('cpu_seconds_total', 'counter', 'Processor time of this process.', [
        ['', (user + system) / 1e6],
      ]),
    ].join('')
  }
}

function head(name: string, type: string, help: string): string {
  return `# HELP bailiwick_${name} ${help}\n# TYPE bailiwick_${name} ${type}\n`
}

function family(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  samples: readonly (readonly [labels: string, value: number])[],
): string {
  const lines = samples.map(([labels, value]) => `bailiwick_${name}${labels} ${value}\n`)
  return head(name, type, help) + lines.join('')
}

function* labelled(
  label: string,
  counts: ReadonlyMap<string, number>,
): Generator<readonly [string, number]> {
  for (const [value, times] of counts) yield [`{${label}="${value}"}`, times]
}

function count(counts: Map<string, number>, key: string): void {
  if (counts.has(key) || counts.size < CODES_MAX) counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** Codes and states are ours: anything else is counted together. */
function text(value: unknown): string {
  return typeof value === 'string' && /^[a-z_.]{1,64}$/.test(value) ? value : 'other'
}
