// Holds the replay of a stretch of time: every record in the order of the log, and the gaps in which a gateway has none.

import type { LoggedRecord } from '../../audit/log-reader.ts'
import type { AuditRecord } from '../../wire/record.ts'
import type { ReplayGap } from '../../wire/api/story.ts'
import { textOf } from './members.ts'
import { indexAt, onward, type StoryLog } from './story-records.ts'

/** Records before the first one that are looked at, so that a gap that it ends shows. */
const LOOK_BACK = 256
/** Silence longer than two heartbeats and a half is a gap (ms). */
const SILENT_MS = 150_000
/** Records read for one page, however few of them are shown. */
const MOST_READ = 20_000

/** What is asked. */
export interface ReplayAsk {
  /** ms since the epoch. */
  readonly from: number
  readonly to: number
  readonly agent?: string
  readonly task?: string
  readonly limit: number
  /** Index to go on from. */
  readonly cursor?: number
}

/** A line of a replay. */
export type ReplayLine =
  | { readonly kind: 'record'; readonly one: LoggedRecord }
  | { readonly kind: 'gap'; readonly gap: ReplayGap }

/** One page of it, and the index to go on from. */
export async function replayed(
  log: StoryLog,
  ask: ReplayAsk,
): Promise<{ readonly lines: ReplayLine[]; readonly next: number | null }> {
  const begin = ask.cursor ?? (await indexAt(log, ask.from))
  const gateways = new Gateways()
  const before = Math.max(0, begin - LOOK_BACK)
  for (const one of begin === before ? [] : log.read(before, begin - before)) {
    if (one.index < begin) gateways.after(one.record)
  }
  const lines: ReplayLine[] = []
  let shown = 0
  let last = begin
  const reading = onward(log, begin, { until: ask.to, most: MOST_READ })
  for (let next = reading.next(); ; next = reading.next()) {
    // Where not everything was read, it goes on from there.
    if (next.done === true) return { lines, next: next.value ? null : last + 1 }
    const one = next.value
    if (shown >= ask.limit) return { lines, next: one.index }
    last = one.index
    for (const gap of gateways.after(one.record)) lines.push({ kind: 'gap', gap })
    if (!isShown(one.record, ask)) continue
    lines.push({ kind: 'record', one })
    shown += 1
  }
}

function isShown({ agent, body, task, type }: AuditRecord, ask: ReplayAsk): boolean {
  // A heartbeat says that nothing happened: its absence shows as a gap.
  if (type === 'heartbeat') return false
  if (ask.agent !== undefined && ask.agent !== agent) return false
  return ask.task === undefined || ask.task === (task ?? textOf(body['task']))
}

/** What each gateway was last heard to say. */
class Gateways {
  readonly #last = new Map<string, AuditRecord>()

  /** The gaps that a record ends. */
  after(record: AuditRecord): ReplayGap[] {
    const { gateway } = record
    const before = this.#last.get(gateway)
    this.#last.set(gateway, record)
    if (before === undefined) return []
    const of = { gateway, from: before.ts, to: record.ts }
    if (before.boot !== record.boot) {
      return [{ ...of, why: before.type === 'gateway.stop' ? 'stopped' : 'ended' }]
    }
    const missing = record.iseq - before.iseq - 1
    if (missing > 0) return [{ ...of, why: 'missing', count: missing }]
    const silent = Date.parse(record.ts) - Date.parse(before.ts) > SILENT_MS
    return silent ? [{ ...of, why: 'silent' }] : []
  }
}
