// Holds the looking up of records for stories: by time, and forward through the log within a bound.

import type { LoggedRecord } from '../../audit/log-reader.ts'
import { matches, type SearchQuery } from '../../audit/search/query.ts'
import { publicFault } from '../../std/fault.ts'
import type { ControlPorts } from '../ports.ts'

/** Records read at once, and in all for one question. */
const PAGE = 1_000
const MOST_READ = 50_000
/** Records of one page of the search, and in all that one question gets from it. */
const FOUND_PAGE = 500
const MOST_FOUND = 20_000

/** The log as stories read it. */
export type StoryLog = Pick<ControlPorts['audit'], 'byCall' | 'read' | 'shards' | 'tail' | 'proof'>

/** What was found, and whether everything was looked at. */
export interface Found {
  readonly records: LoggedRecord[]
  readonly complete: boolean
}

/** Records in the log, once everything acknowledged is in it. */
async function logSize(log: StoryLog): Promise<number> {
  const [newest] = await log.tail({ limit: 1 })
  return newest === undefined ? 0 : newest.index + 1
}

/** Index of the first record that was made at or after `ms`, by halving: gateways' clocks may differ by a little, hence the margin. */
export async function indexAt(log: StoryLog, ms: number): Promise<number> {
  const size = await logSize(log)
  let [low, high] = [0, size]
  while (low < high) {
    const middle = (low + high) >> 1
    const [at] = log.read(middle, 1)
    if (at !== undefined && Date.parse(at.record.ts) < ms) low = middle + 1
    else high = middle
  }
  return low
}

/** Every record from `index` on, up to a bound of time and number, page by page. */
export function* onward(
  log: StoryLog,
  index: number,
  bounds: { readonly until?: number; readonly most?: number } = {},
): Generator<LoggedRecord, boolean> {
  const { until = Infinity, most = MOST_READ } = bounds
  for (let at = index; at - index < most;) {
    const page = log.read(at, Math.min(PAGE, most - (at - index)))
    for (const one of page) {
      if (Date.parse(one.record.ts) > until) return true
      yield one
    }
    const last = page.at(-1)
    if (last === undefined) return true
    // What retention has removed is passed over.
    at = last.index + 1
  }
  return log.read(index + most, 1).length === 0
}

/** The records from `index` on that are wanted, within the bounds. */
export function matching(
  log: StoryLog,
  index: number,
  wanted: (one: LoggedRecord) => boolean,
  bounds: { readonly until?: number; readonly most?: number } = {},
): Found {
  const records: LoggedRecord[] = []
  const reading = onward(log, index, bounds)
  for (let next = reading.next(); ; next = reading.next()) {
    if (next.done === true) return { records, complete: next.value }
    if (wanted(next.value)) records.push(next.value)
  }
}

/** The search as stories ask it. */
export type StorySearch = Pick<ControlPorts['search'], 'page'>

/**
 * Every record that a query finds, however old, up to a bound of their number; what the search has not taken up yet is looked through in the
 * log. Undefined where there is no search at this moment.
 */
export async function searched(
  log: StoryLog,
  search: StorySearch,
  query: SearchQuery,
): Promise<Found | undefined> {
  const records: LoggedRecord[] = []
  let cursor: string | null | undefined
  let end = 0
  do {
    const ask = { query, limit: FOUND_PAGE, order: 'oldest' } as const
    const page = await search
      .page({ ...ask, ...(cursor !== undefined && cursor !== null && { cursor }) })
      .catch((error: unknown) => {
        if (publicFault(error).code === 'search.unavailable') return undefined
        throw error
      })
    if (page === undefined) return undefined
    for (const index of page.indices) {
      records.push(...log.read(index, 1).filter((one) => one.index === index))
    }
    cursor = page.next
    end = page.searched
    if (records.length >= MOST_FOUND && cursor !== null) return { records, complete: false }
  } while (cursor !== null)
  const last = records.at(-1)
  // A page may have seen what was indexed while it was asked.
  const from = Math.max(end, last === undefined ? 0 : last.index + 1)
  const rest = matching(log, from, ({ record }) => matches(query, record))
  return { records: [...records, ...rest.records], complete: rest.complete }
}

/** The time in a UUIDv7 (RFC 9562 §5.7), ms since the epoch. */
export function timeOf(uuid: string): number {
  return Number.parseInt(uuid.replaceAll('-', '').slice(0, 12), 16)
}
