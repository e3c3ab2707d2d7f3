// Holds the tests of what is remembered of durable batches: the log takes what was acknowledged, or nothing.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'

import { Fault } from '../std/fault.ts'
import { DurableBatches } from './durable-batch.ts'
import { openAuditLog } from './open.ts'
import { segmentName } from './segment.ts'
import { editSegment } from './segment-edit.test.ts'
import { intent, logOptions, temporaryHome } from './testbed.test.ts'

const corrupt = (error: unknown): boolean =>
  error instanceof Fault && ['audit.corrupt', 'audit.unavailable'].includes(error.code)

test('batches are met in their order, each as it was written', () => {
  const at = (offset: number) => ({ segment: 1, offset })
  const written = new DurableBatches()
  written.add([
    { position: at(10), digest: 'a' },
    { position: at(20), digest: 'b' },
    { position: at(30), digest: 'c' },
  ])
  // What an earlier process left ends before, and is nobody's of now.
  written.read(at(5), () => assert.fail('nothing to compare with'))
  written.read(at(10), () => 'a')
  assert.throws(() => written.read(at(20), () => 'x'), /not what was acknowledged/)
  assert.throws(() => written.read(at(25), () => 'b'), /not what was acknowledged/)
  written.pass(at(20))
  assert.deepEqual(written.drain(), [{ position: at(30), digest: 'c' }])
  written.read(at(99), () => assert.fail('nothing is expected any more'))
})

test('INV-7 a record that is edited between its acknowledgement and the log, checksums included, does not get into the log', async (t) => {
  const home = temporaryHome(t)
  const options = logOptions(home)
  const limits = { ...options.limits, checkpointMs: 1_000 }
  const log = await openAuditLog({ ...options, limits })
  await log.flush()
  const { size } = log.stats()
  const { id } = await log.append(intent('call-to-hide', { amount: 1_000_000 }))
  editSegment(join(home, 'spool', segmentName(1)), 'call-to-hide', 'call-of-mine')
  await assert.rejects(log.flush(), corrupt)
  assert.match(log.stats().failure ?? '', /is not what was acknowledged/)
  await assert.rejects(log.append(intent('call-after')), corrupt)
  assert.equal(log.stats().size, size)
  assert.equal(await log.get(id), undefined)
  await assert.rejects(log.close(), corrupt)
})
