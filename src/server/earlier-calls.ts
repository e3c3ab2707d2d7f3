// Holds what people are told of a held call's arguments: what in them is like no call before, from calls that were kept and went on.

import { setImmediate } from 'node:timers/promises'
import type { EarlierReading, HeldArguments } from '../api/ports.ts'
import type { AuditLog } from '../audit/log.ts'
import { trafficSince, type TrafficSource } from '../audit/traffic/read.ts'
import { unusualIn } from '../authority/approvals/unusual.ts'
import { rfc3339, type Clock } from '../std/clock.ts'
import type { TrafficEntry } from '../wire/traffic.ts'
import type { UnusualReading } from '../wire/unusual.ts'

/** Days that are looked back, calls that are held against, and how long that may take (ms); one turn of the loop. */
const DAYS = 30
const MOST_CALLS = 200
const MOST_MS = 400
const TURN_MS = 8
const DAY_MS = 86_400_000
/** Readings that are remembered: a page that is looked at again asks nothing anew. */
const MOST_KEPT = 256

/** What the look is taken from. */
export interface EarlierParts {
  readonly traffic: { readonly flush: () => Promise<void>; readonly source: TrafficSource }
  readonly audit: Pick<AuditLog, 'byCall'>
  readonly clock: Clock
}

interface Found {
  readonly own: TrafficEntry[]
  readonly others: TrafficEntry[]
  complete: boolean
}

/** Looks at earlier calls, once for every approval. */
export class EarlierCalls implements EarlierReading {
  readonly #parts: EarlierParts
  readonly #kept = new Map<string, Promise<UnusualReading>>()

  constructor(parts: EarlierParts) {
    this.#parts = parts
  }

  /** What is unusual about a held call. */
  of(held: HeldArguments): Promise<UnusualReading> {
    const known = this.#kept.get(held.id)
    if (known !== undefined) return known
    const oldest = this.#kept.size >= MOST_KEPT ? this.#kept.keys().next().value : undefined
    if (oldest !== undefined) this.#kept.delete(oldest)
    const reading = this.#read(held)
    this.#kept.set(held.id, reading)
    reading.catch(() => this.#kept.delete(held.id))
    return reading
  }

  async #read(held: HeldArguments): Promise<UnusualReading> {
    await this.#parts.traffic.flush()
    const found: Found = { own: [], others: [], complete: true }
    await this.#collect(held, found)
    const own = await this.#wentOn(found.own)
    const by = own.length > 0 ? 'agent' : 'anyone'
    const calls = own.length > 0 ? own : await this.#wentOn(found.others)
    const since = Math.min(...calls.map(({ request }) => request.now))
    return {
      marks: unusualIn(
        held.input,
        calls.map(({ request }) => request.input),
      ),
      calls: calls.length,
      by,
      ...(calls.length > 0 && { since }),
      complete: found.complete,
    }
  }

  /** The newest days first, so that what is left out for want of time is the oldest. */
  async #collect(held: HeldArguments, found: Found): Promise<void> {
    const { clock, traffic } = this.#parts
    const began = clock.monotonic()
    let turn = began
    const today = Math.floor(held.requestedAt / DAY_MS) * DAY_MS
    for (let back = 0; back < DAYS; back++) {
      const day = today - back * DAY_MS
      const name = rfc3339(day).slice(0, 10)
      for (const { entries, next } of trafficSince(traffic.source, day)) {
        if (!next.file.startsWith(name)) break
        for (const entry of entries) take(entry, held, found)
        const now = clock.monotonic()
        if (now - began > MOST_MS || found.own.length >= MOST_CALLS) {
          found.complete = false
          return
        }
        if (now - turn <= TURN_MS) continue
        await setImmediate()
        turn = clock.monotonic()
      }
    }
  }

  /** Those whose intent is on record: they were allowed, by policy or by people, and went out. */
  async #wentOn(entries: readonly TrafficEntry[]): Promise<TrafficEntry[]> {
    const gone: TrafficEntry[] = []
    for (const entry of entries) {
      const story = await this.#parts.audit.byCall(entry.call)
      if (story.some(({ record }) => record.type === 'call.intent')) gone.push(entry)
    }
    return gone
  }
}

function take(entry: TrafficEntry, held: HeldArguments, found: Found): void {
  const { request, answer } = entry
  if (request.system !== held.system || request.action !== held.action) return
  if (answer === 'deny' || request.now >= held.requestedAt) return
  if (request.agent.name === held.agent) found.own.push(entry)
  else if (found.others.length < MOST_CALLS) found.others.push(entry)
}
