// Holds the checks of how records get to the disk: room, backlog, break-glass, refusals, lost gateways, the clock and the database.

import type { Status } from '../../wire/api/status.ts'
import type { Finding } from './finding.ts'

/** Segments that the log may be behind without being worth a word; at 16 calls are refused. */
const BACKLOG = 4
/** Below this many free bytes somebody should look, long before calls are refused. */
const ROOM = 2 * 1_073_741_824
/** How long what was refused or lost is shown as news. */
const NEWS_MS = 86_400_000
/** What clocks may differ by. */
const CLOCK_MS = 60_000

/** What of the server's status says how records fare. */
type RecordingStatus = Pick<Status, 'record' | 'now' | 'database'>

/** All of them, from what the server says of itself. `now` is this machine's time (ms since the epoch). */
export function checkRecording(status: RecordingStatus, now: number): Finding[] {
  return [
    checkSpool(status),
    checkGlass(status),
    checkRefused(status, now),
    checkLost(status, now),
    checkClock(status, now),
    checkDatabase(status),
  ]
}

function checkSpool({ record }: RecordingStatus): Finding {
  const check = 'spool'
  const { backlog_segments: backlog, free_bytes: free, problems } = record
  const [problem] = problems
  if (problem !== undefined) {
    const next = 'calls may be refused: docs/operate/trouble.md'
    return { check, state: 'bad', detail: problem, next }
  }
  const room = free === null ? 'room not looked at yet' : `${Math.floor(free / 1_048_576)} MiB free`
  const detail = `${room}, ${backlog} ${backlog === 1 ? 'segment' : 'segments'} to be taken into the log`
  if (free !== null && free < ROOM) {
    return {
      check,
      state: 'warn',
      detail,
      next: "make room on the home's disk: a full one refuses calls",
    }
  }
  if (backlog <= BACKLOG) return { check, state: 'ok', detail }
  return {
    check,
    state: 'warn',
    detail,
    next: 'look again: where it grows, the disk of log/ is too slow',
  }
}

function checkGlass({ record: { break_glass: glass } }: RecordingStatus): Finding {
  const check = 'glass'
  if (glass === null) return { check, state: 'ok', detail: 'no break-glass' }
  const { open, problem, to, until } = glass
  if (to === '') {
    const detail = `break-glass is asked for and not understood: ${problem ?? 'unreadable'}`
    return { check, state: 'bad', detail, next: 'bailiwick audit break-glass --help' }
  }
  if (problem !== null) {
    return {
      check,
      state: 'bad',
      detail: `break-glass to ${to}: ${problem}`,
      next: 'mend that, or end it',
    }
  }
  const detail = open
    ? `records go to ${to} until ${until}`
    : `what went to ${to} is not in the log yet`
  const next = open ? "mend the home's disk; then end it" : `keep ${to} until it is`
  return { check, state: 'warn', detail, next }
}

function checkRefused({ record }: RecordingStatus, now: number): Finding {
  const check = 'quota'
  const { refused, refused_at: at } = record
  if (at === null || now - Date.parse(at) > NEWS_MS) {
    return { check, state: 'ok', detail: 'nothing was refused over a quota within a day' }
  }
  const detail = `${refused} ${refused === 1 ? 'record was' : 'records were'} refused over a quota, last at ${at}`
  return { check, state: 'warn', detail, next: 'bailiwick audit search --type refusals.quota' }
}

function checkLost({ record }: RecordingStatus, now: number): Finding {
  const check = 'gateways'
  const { lost_at: at, lost_gateway: gateway } = record
  if (at === null || now - Date.parse(at) > NEWS_MS) {
    return { check, state: 'ok', detail: 'none was lost within a day' }
  }
  const detail = `a run of ${gateway ?? 'a gateway'} ended without a stop, found at ${at}`
  return {
    check,
    state: 'warn',
    detail,
    next: 'find out why it ended: its own log, and that of the system',
  }
}

function checkClock(
  { now: theirs, record: { newest_at: newest } }: RecordingStatus,
  now: number,
): Finding {
  const check = 'clock'
  const server = Date.parse(theirs)
  const next = 'set the clock, and keep it set (NTP)'
  if (newest !== null && Date.parse(newest) - server > CLOCK_MS) {
    const detail = `it went back: the newest record is of ${newest}, and the server has ${theirs}`
    return { check, state: 'bad', detail, next }
  }
  const apart = Math.abs(server - now)
  if (apart <= CLOCK_MS) return { check, state: 'ok', detail: 'goes on from the newest record' }
  const detail = `the server's differs from this one by ${Math.round(apart / 1_000)} s`
  return { check, state: 'warn', detail, next }
}

function checkDatabase({ database }: RecordingStatus): Finding {
  const check = 'database'
  if (database === 'embedded') return { check, state: 'ok', detail: 'in the home' }
  const detail =
    'PostgreSQL, by a role that cannot rewrite the log: it was looked at when the server started'
  return { check, state: 'ok', detail }
}
