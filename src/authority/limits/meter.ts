// Holds the count behind one limit: what happened within its time, apart for each of whom it tells apart.

import type { Json, JsonObject } from '../../std/json.ts'
import type { Limit, LimitPer, LimitWhat } from '../../store/rows/limit.ts'
import { patternCovers } from '../../wire/scope.ts'
import type { Spent } from '../../wire/reserve.ts'
import { Buckets, type BucketRow } from '../history/buckets.ts'
import { Distinct, type DistinctRow } from '../history/distinct.ts'
import type { Asked, Used } from '../history/entry.ts'

/** The times of limits and the length of their buckets (ms): a limit holds at most that much longer than it says. */
const TIMES = {
  second: { windowMs: 1_000, bucketMs: 50 },
  minute: { windowMs: 60_000, bucketMs: 1_000 },
  hour: { windowMs: 3_600_000, bucketMs: 60_000 },
  day: { windowMs: 86_400_000, bucketMs: 900_000 },
} as const satisfies Readonly<Record<LimitPer, { windowMs: number; bucketMs: number }>>

/** What each kind of limit is called in a refusal. */
const WORDS = {
  calls: 'calls',
  writes: 'calls that write',
  money: 'units of money',
  bytes: 'bytes',
  recipients: 'recipients',
  concurrency: 'calls at once',
  denials: 'denials',
  errors: 'errors',
  identical: 'identical calls',
} as const satisfies Readonly<Record<LimitWhat, string>>

/** Words of what a limit counts. */
function limitWords({ most, what, per }: Pick<Limit, 'most' | 'what' | 'per'>): string {
  return `${most} ${WORDS[what]}${per === undefined ? '' : ` per ${per}`}`
}

/** One count: a number that runs now, sums over a window, or distinct names over one. */
type Count =
  | { readonly kind: 'running'; now: number }
  | { readonly kind: 'sum'; readonly buckets: Buckets }
  | { readonly kind: 'distinct'; readonly names: Distinct }

/** The counts of one limit. What is counted apart is bounded: agents, people and tasks are registered, and idle counts are dropped. */
export class Meter {
  readonly limit: Limit
  readonly #counts = new Map<string, Count>()

  constructor(limit: Limit) {
    this.limit = limit
  }

  /** How long after its last change a count still says something (ms). */
  get keptMs(): number {
    const { windowMs, bucketMs } = TIMES[this.limit.per ?? 'second']
    return windowMs + bucketMs
  }

  /** True where the limit is on this call. */
  covers({ agents, person, task, system, action }: Asked): boolean {
    const { on } = this.limit
    return (
      (on.agent === undefined || agents.includes(on.agent)) &&
      (on.person === undefined || on.person === person) &&
      (on.task === undefined || on.task === task) &&
      (on.action === undefined || patternCovers(on.action, `${system}/${action}`))
    )
  }

  /** Of whom a call is counted, where that is told apart. Sub-agents count for the head of their chain (INV-11). */
  keyOf({ agents, person, task = '' }: Asked): string {
    switch (this.limit.each) {
      case 'agent':
        return agents[0] ?? ''
      case 'person':
        return person
      case 'task':
        return task
      default:
        return ''
    }
  }

  /** Why a call does not fit under the limit; undefined where it does. */
  refuses(key: string, used: Used, unmeasured: boolean, now: number): Spent | undefined {
    const { id, most, what } = this.limit
    const because = `limit ${id}`
    if (what === 'money' && unmeasured) {
      const detail = 'money is limited here, and nothing says how much this action spends'
      return { spent: true, code: 'reserve.bad_measure', detail, because }
    }
    const count = this.#counts.get(key)
    const wanted = amount(what, used, count, now)
    const taken = current(count, now)
    // Both are below 2^53, their sum may not be: so it is the rest that is compared.
    if (wanted === 0 || wanted <= most - taken) return undefined
    const detail = `at most ${limitWords(this.limit)} are allowed here`
    if (what === 'concurrency') return { spent: true, code: 'reserve.concurrency', detail, because }
    const retryMs = wanted > most ? 0 : fallsIn(count, most - wanted, now)
    return {
      spent: true,
      code: 'reserve.rate_limited',
      detail,
      because,
      ...(retryMs > 0 && { retryMs }),
    }
  }

  /** Takes a call's part. Returns the way to give it back; distinct names stay. */
  take(key: string, used: Used, now: number): (() => void) | undefined {
    const { what } = this.limit
    const count = this.#counts.get(key) ?? this.#begin(key)
    switch (count.kind) {
      case 'running': {
        count.now += 1
        return () => (count.now -= 1)
      }
      case 'distinct': {
        for (const name of used.recipients) count.names.see(name, now)
        count.names.more(used.more, now)
        return undefined
      }
      case 'sum': {
        const amounts = [amount(what, used, count, now)]
        if (amounts[0] === 0) return undefined
        const bucket = count.buckets.add(amounts, now)
        return () => count.buckets.take(amounts, bucket)
      }
    }
  }

  /** How much is taken now, by whom it is told apart. */
  use(now: number): readonly { readonly of: string; readonly taken: number }[] {
    return [...this.#counts].map(([of, count]) => ({ of, taken: current(count, now) }))
  }

  /** Drops counts in which nothing is left. */
  tidy(now: number): void {
    for (const [key, count] of this.#counts) if (current(count, now) === 0) this.#counts.delete(key)
  }

  /** What a row keeps of one count; undefined for what a restart ends. */
  state(key: string): JsonObject | undefined {
    const count = this.#counts.get(key)
    switch (count?.kind) {
      case 'sum':
        return { sum: count.buckets.rows() as unknown as Json }
      case 'distinct':
        return { distinct: count.names.rows() as unknown as Json }
      case 'running':
      case undefined:
        return undefined
    }
  }

  load(key: string, state: JsonObject, now: number): void {
    const count = this.#counts.get(key) ?? this.#begin(key)
    if (count.kind === 'sum') {
      count.buckets.load((state['sum'] ?? []) as unknown as readonly BucketRow[], now)
    } else if (count.kind === 'distinct' && state['distinct'] !== undefined) {
      count.names.load(state['distinct'] as unknown as DistinctRow, now)
    }
  }

  #begin(key: string): Count {
    const count = newCount(this.limit)
    this.#counts.set(key, count)
    return count
  }
}

function newCount({ what, per }: Limit): Count {
  if (what === 'concurrency') return { kind: 'running', now: 0 }
  const { windowMs, bucketMs } = TIMES[per ?? 'minute']
  return what === 'recipients'
    ? { kind: 'distinct', names: new Distinct(windowMs, bucketMs) }
    : { kind: 'sum', buckets: new Buckets(windowMs, bucketMs, 1) }
}

function amount(what: LimitWhat, used: Used, count: Count | undefined, now: number): number {
  switch (what) {
    case 'calls':
    case 'concurrency':
      return 1
    case 'writes':
      return used.writes ? 1 : 0
    case 'money':
      return used.money
    case 'bytes':
      return used.bytes
    case 'recipients':
      return count?.kind === 'distinct'
        ? count.names.added(used.recipients, now) + used.more
        : used.recipients.length + used.more
    case 'denials':
    case 'errors':
    case 'identical':
      return 0
  }
}

function current(count: Count | undefined, now: number): number {
  switch (count?.kind) {
    case 'running':
      return count.now
    case 'sum':
      return count.buckets.sum(0, now)
    case 'distinct':
      return count.names.count(now)
    case undefined:
      return 0
  }
}

function fallsIn(count: Count | undefined, most: number, now: number): number {
  if (count?.kind === 'sum') return count.buckets.fallsIn(0, most, now)
  return count?.kind === 'distinct' ? count.names.fallsIn(most, now) : 0
}
