// Holds the tests of the reserve: what is taken while a disk is nearly full, and what the record says of the rest.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { RecordDraft } from '../wire/record.ts'
import { isKept, Reserve } from './reserve.ts'
import type { SpoolRoom } from './spool-committer.ts'
import { intent } from './testbed.test.ts'

const ROOM: SpoolRoom = { left: 1_000, next: true, kept: true, free: 1 << 30 }
const NONE: SpoolRoom = { ...ROOM, next: false, free: 5, problem: 'the disk is full' }

const draft = (type: string, phase: RecordDraft['phase'], more: object = {}): RecordDraft => ({
  type,
  phase,
  body: {},
  ...more,
})

test('INV-7 what may use what is left: what is out already, what people do, and what takes authority away', () => {
  const kept = [
    draft('call.outcome', 'outcome'),
    draft('lock.added', 'admin', { person: 'p-1' }),
    draft('heartbeat', 'lifecycle'),
    draft('gateway.lost', 'lifecycle'),
    draft('audit.break_glass', 'lifecycle'),
    draft('instance.revoked', 'lifecycle', { instance: 'i-1' }),
    draft('finding.raised', 'lifecycle', { instance: 'i-1' }),
  ]
  const not = [
    intent('c'),
    draft('call.denied', 'decision'),
    draft('token.issued', 'lifecycle', { instance: 'i-1' }),
    draft('instance.enrolled', 'lifecycle', { instance: 'i-1' }),
    // Asked for by an instance, again and again if it likes.
    draft('delegation.created', 'admin', { instance: 'i-1' }),
  ]
  assert.deepEqual(
    kept.map(isKept),
    kept.map(() => true),
  )
  assert.deepEqual(
    not.map(isKept),
    not.map(() => false),
  )
})

test('calls are refused from the word of the disk on, and counted exactly until there is room', () => {
  const reserve = new Reserve()
  assert.equal(reserve.hear(ROOM, 0), undefined)
  reserve.check(intent('c'), false)
  const suspended = reserve.hear(NONE, 1_000)
  assert.deepEqual(suspended, {
    type: 'audit.suspended',
    body: { reason: 'the disk is full', free_bytes: 5, left_bytes: 1_000 },
  })
  for (let i = 0; i < 3; i++) {
    assert.throws(() => reserve.check(intent('c'), false), { code: 'audit.suspended' })
  }
  reserve.check(draft('call.outcome', 'outcome'), true)
  for (let i = 0; i < 50; i++) {
    assert.throws(() => reserve.check(draft(`made.up_${i}`, 'decision'), false))
  }
  assert.equal(reserve.hear(NONE, 2_000), undefined, 'said once')
  const resumed = reserve.hear(ROOM, 5_000)
  assert.equal(resumed?.type, 'audit.resumed')
  const { refused, since, total } = resumed.body as {
    refused: Record<string, number>
    since: string
    total: number
  }
  assert.deepEqual([total, refused['call.intent'], since], [53, 3, '1970-01-01T00:00:01.000Z'])
  assert.ok(Object.keys(refused).length <= 33)
  assert.equal(
    Object.values(refused).reduce((sum, count) => sum + count, 0),
    total,
  )
  reserve.check(intent('c'), false)
  assert.equal(reserve.hear(ROOM, 6_000), undefined)
})
