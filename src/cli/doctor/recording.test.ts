// Holds tests of what `doctor` says of how records get to the disk: each trouble has its line, and its next thing to do.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rfc3339 } from '../../std/clock.ts'
import type { Status } from '../../wire/api/status.ts'
import { checkRecording } from './recording.ts'

const NOW = Date.UTC(2026, 10, 23, 12)

type Recording = Parameters<typeof checkRecording>[0]

const WELL: Status['record'] = {
  backlog_segments: 1,
  free_bytes: 1e11,
  problems: [],
  break_glass: null,
  refused_at: null,
  refused: 0,
  lost_at: null,
  lost_gateway: null,
  newest_at: rfc3339(NOW - 1_000),
}

function states(record: Partial<Status['record']>, server = NOW): string[] {
  const of: Recording = {
    record: { ...WELL, ...record },
    now: rfc3339(server),
    database: 'embedded',
  }
  const findings = checkRecording(of, NOW)
  for (const { state, next, check } of findings) {
    assert.equal(next === undefined, state === 'ok', check)
  }
  return findings
    .filter(({ state }) => state !== 'ok')
    .map(({ check, state }) => `${check} ${state}`)
}

const GLASS = { to: '/mnt/other', until: rfc3339(NOW + 60_000), open: true, problem: null }

test('a record that is well has nothing to be done about it', () => {
  assert.deepEqual(states({}), [])
  // What was long ago is no news.
  const before = rfc3339(NOW - 2 * 86_400_000)
  assert.deepEqual(states({ refused_at: before, refused: 9, lost_at: before }), [])
  assert.deepEqual(states({ newest_at: null, free_bytes: null }), [])
})

test('each trouble of the record has a line of its own', () => {
  const cases: readonly (readonly [Partial<Status['record']>, string])[] = [
    [{ problems: ['the disk failed'] }, 'spool bad'],
    [{ free_bytes: 1e9 }, 'spool warn'],
    [{ backlog_segments: 5 }, 'spool warn'],
    [{ break_glass: GLASS }, 'glass warn'],
    [{ break_glass: { ...GLASS, open: false } }, 'glass warn'],
    [{ break_glass: { ...GLASS, problem: 'it is full' } }, 'glass bad'],
    [{ break_glass: { ...GLASS, to: '' } }, 'glass bad'],
    [{ refused_at: rfc3339(NOW - 1_000), refused: 1 }, 'quota warn'],
    [{ lost_at: rfc3339(NOW - 1_000), lost_gateway: 'g' }, 'gateways warn'],
    [{ newest_at: rfc3339(NOW + 120_000) }, 'clock bad'],
  ]
  for (const [record, expected] of cases) assert.deepEqual(states(record), [expected])
})

test('a clock that is not that of the server is told', () => {
  assert.deepEqual(states({}, NOW + 59_000), [])
  assert.deepEqual(states({}, NOW + 61_000), ['clock warn'])
  assert.deepEqual(states({ newest_at: null }, NOW - 61_000), ['clock warn'])
})
