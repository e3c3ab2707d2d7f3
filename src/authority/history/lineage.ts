// Holds what one lineage has done: its counts over sliding windows, whom it wrote to, and the labels that it carries.

import type { HistoryFacts, Windows } from '../../wire/history.ts'
import { Distinct, type DistinctRow } from './distinct.ts'
import type { BucketRow } from './buckets.ts'
import { SPANS, Spans } from './spans.ts'
import type { Used } from './entry.ts'

/** How long a label is carried after it was taken up last (ms): 30 days. */
export const LABEL_MS = 30 * 86_400_000

/** Columns of a lineage's windows. */
const CALLS = 0
const WRITES = 1
const DENIALS = 2
const ERRORS = 3
const MONEY = 4
const BYTES = 5
const COLUMNS = 6

const DAY_BUCKET_MS = SPANS[2].bucketMs
const ONE = [1] as const
const DENIAL = [0, 0, 1, 0, 0, 0] as const
const ERROR = [0, 0, 0, 1, 0, 0] as const
const NEVER: Windows = Object.freeze({ minute: 0, hour: 0, day: 0 })

/** Money and bytes of a window are exact integers below this, or the call that would go beyond is refused. */
const MOST = Number.MAX_SAFE_INTEGER

interface Taken {
  readonly at: number
}

/** Labels as they were carried at one moment. */
export type Carried = readonly (readonly [string, Taken])[]

/** What a row keeps of a lineage. */
export interface LineageState {
  readonly spans: readonly (readonly BucketRow[])[]
  readonly actions: readonly (readonly [string, readonly (readonly BucketRow[])[]])[]
  readonly recipients: readonly DistinctRow[]
  /** Label and when it was taken up last, ms since the epoch. */
  readonly labels: readonly (readonly [string, number])[]
}

/** The counts of one lineage. All of it is bounded: by windows, by pinned actions, by the bound on recipients. */
export class Lineage {
  /** True while it is among what changed since the last snapshot. Owned by Tallies. */
  touched = false
  readonly #spans = new Spans(COLUMNS)
  readonly #actions = new Map<string, Spans>()
  readonly #recipients = SPANS.map(({ windowMs, bucketMs }) => new Distinct(windowMs, bucketMs))
  /** A new value each time that a label is taken up, so that who clears it does not clear what came after. */
  readonly #labels = new Map<string, Taken>()
  /** Names of actions, sorted, until another is called or a bucket of the day is over. */
  #sorted: readonly string[] | undefined
  #looked = 0
  #inForce: { readonly until: number; readonly labels: readonly string[] } | undefined

  /** What policy sees before a call of an action: a copy, which later calls do not change. */
  facts(action: string, now: number): HistoryFacts {
    const spans = this.#spans
    return {
      calls: spans.windows(CALLS, now),
      writes: spans.windows(WRITES, now),
      same: this.#actions.get(action)?.windows(0, now) ?? NEVER,
      denials: spans.windows(DENIALS, now),
      errors: spans.windows(ERRORS, now),
      money: spans.windows(MONEY, now),
      bytes: spans.windows(BYTES, now),
      recipients: this.#distinct(now),
      actions: this.#called(now),
      labels: this.labels(now),
    }
  }

  /** True where a call would take a sum beyond what can be counted exactly. */
  overflows({ money, bytes }: Used, now: number): boolean {
    const day = (column: number): number => this.#spans.windows(column, now).day
    return day(MONEY) + money > MOST || day(BYTES) + bytes > MOST
  }

  /** Counts a call. Returns the way to give back everything but labels and recipients, which stay: they only ever narrow. */
  reserve(action: string, used: Used, now: number): () => void {
    const amounts = [1, used.writes ? 1 : 0, 0, 0, used.money, used.bytes]
    const buckets = this.#spans.add(amounts, now)
    let own = this.#actions.get(action)
    if (own === undefined) {
      own = new Spans(1)
      this.#actions.set(action, own)
      this.#sorted = undefined
    }
    const spans = own
    const ownBuckets = spans.add(ONE, now)
    if (used.recipients.length > 0 || used.more > 0) this.#wroteTo(used, now)
    if (used.labels.length > 0) this.#takeUp(used.labels, now)
    return () => {
      this.#spans.take(amounts, buckets)
      spans.take(ONE, ownBuckets)
    }
  }

  denied(now: number): void {
    this.#spans.add(DENIAL, now)
  }

  failed(now: number): void {
    this.#spans.add(ERROR, now)
  }

  /** Takes up labels of an answer. */
  labelled(labels: readonly string[], now: number): void {
    this.#takeUp(labels, now)
  }

  /** Labels that are carried now, sorted. */
  labels(now: number): readonly string[] {
    if (this.#inForce !== undefined && now < this.#inForce.until) return this.#inForce.labels
    let until = Infinity
    for (const [label, { at }] of this.#labels) {
      if (at + LABEL_MS <= now) this.#labels.delete(label)
      else until = Math.min(until, at + LABEL_MS)
    }
    this.#inForce = { until, labels: Object.freeze([...this.#labels.keys()].sort()) }
    return this.#inForce.labels
  }

  /** Labels as they are carried now: this one, or all. */
  carried(label: string | undefined, now: number): Carried {
    this.labels(now)
    return [...this.#labels].filter(([name]) => label === undefined || name === label)
  }

  /** Drops labels that a person cleared, except where they were taken up again since. */
  drop(carried: Carried): void {
    for (const [label, taken] of carried) {
      if (this.#labels.get(label) === taken) this.#labels.delete(label)
    }
    this.#inForce = undefined
  }

  /** True where nothing is left that could ever matter. */
  idle(now: number): boolean {
    return this.#spans.empty(now) && this.labels(now).length === 0
  }

  /** When it will be idle if nothing happens, ms since the epoch. */
  endsAt(now: number): number {
    const labels = [...this.#labels.values()].map(({ at }) => at + LABEL_MS)
    return Math.max(now + SPANS[2].windowMs + DAY_BUCKET_MS, ...labels)
  }

  state(): LineageState {
    return {
      spans: this.#spans.rows(),
      actions: [...this.#actions].map(([name, spans]) => [name, spans.rows()]),
      recipients: this.#recipients.map((one) => one.rows()),
      labels: [...this.#labels].map(([label, { at }]) => [label, at]),
    }
  }

  load(state: LineageState, now: number): void {
    this.#spans.load(state.spans, now)
    for (const [name, rows] of state.actions) {
      const spans = new Spans(1)
      spans.load(rows, now)
      this.#actions.set(name, spans)
    }
    for (const [at, row] of state.recipients.entries()) this.#recipients[at]?.load(row, now)
    for (const [label, at] of state.labels) this.#labels.set(label, { at: Math.min(at, now) })
  }

  #distinct(now: number): Windows {
    const [minute, hour, day] = this.#recipients
    return { minute: minute!.count(now), hour: hour!.count(now), day: day!.count(now) }
  }

  #called(now: number): readonly string[] {
    const bucket = Math.floor(now / DAY_BUCKET_MS)
    if (this.#sorted !== undefined && bucket <= this.#looked) return this.#sorted
    this.#looked = Math.max(bucket, this.#looked)
    for (const [name, spans] of this.#actions) {
      if (spans.empty(now)) this.#actions.delete(name)
    }
    this.#sorted = Object.freeze([...this.#actions.keys()].sort())
    return this.#sorted
  }

  #wroteTo({ recipients, more }: Used, now: number): void {
    for (const window of this.#recipients) {
      for (const name of recipients) window.see(name, now)
      window.more(more, now)
    }
  }

  #takeUp(labels: readonly string[], now: number): void {
    for (const label of labels) {
      // A clock that went back does not shorten what was taken up before.
      this.#labels.set(label, { at: Math.max(now, this.#labels.get(label)?.at ?? 0) })
    }
    this.#inForce = undefined
  }
}
