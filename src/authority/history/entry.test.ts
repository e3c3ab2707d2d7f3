// Holds the tests of what records say about history: only what the log of ours holds, and nothing of what is no doing of the agent's.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actorOf } from '../../../test/fakes/authority.ts'
import type { JsonObject } from '../../std/json.ts'
import type { AuditRecord } from '../../wire/record.ts'
import { askedBy, entryOf, lineageOf } from './entry.ts'

function record(type: string, body: JsonObject, more: Partial<AuditRecord> = {}): AuditRecord {
  const sealed = { v: 1, id: '', nonce: '', ts: '', gateway: 'g', boot: '', iseq: 1 } as const
  return { ...sealed, type, phase: 'intent', agent: 'bot', system: 's', action: 'a', body, ...more }
}

test('an actor and its record are of one lineage, that of the head of the chain', () => {
  const head = { delegation: 'd', instance: 'i', agent: 'boss', roles: [], owner: 'o' }
  const actor = { ...actorOf('bot', 'o', 'per_1'), chain: [head] }
  const live = askedBy(actor, 's', 'a')
  const reserved = { bytes: 1, recipients: [], labels: [] }
  const read = entryOf(record('call.intent', { lineage: ['boss'], reserved }, { person: 'per_1' }))
  assert.ok(read !== undefined && 'asked' in read)
  assert.deepEqual(read.asked, live)
  assert.equal(lineageOf(live), 'boss per_1')
  assert.equal(lineageOf(askedBy(actorOf('bot', 'o'), 's', 'a')), 'bot unattended')
})

test('an intent counts what it reserved; one from before there were reservations counts nothing', () => {
  const reserved = { writes: 1, money: 7, bytes: 9, recipients: ['hmac-sha256:x'], more: 2 }
  const read = entryOf(record('call.intent', { reserved: { ...reserved, labels: ['pii'] } }))
  assert.ok(read?.kind === 'reserved')
  assert.deepEqual(read.used, {
    writes: true,
    money: 7,
    bytes: 9,
    recipients: ['x'],
    more: 2,
    labels: ['pii'],
  })
  assert.equal(entryOf(record('call.intent', {})), undefined)
})

test('refusals count for who asked, whatever they asked; what a system asked counts for nobody', () => {
  const { action: _, ...none } = record('call.denied', {})
  assert.equal(entryOf(none)?.kind, 'denied')
  assert.equal(entryOf(record('call.denied', { principal: 'system s' })), undefined)
  for (const status of ['tool_error', 'upstream_error']) {
    const entry = entryOf(record('call.outcome', { status }))
    assert.equal(entry?.kind === 'answered' && entry.failed, true)
  }
  const read = entryOf(record('call.outcome', { status: 'ok', labels: ['pii', 7, 'untrusted'] }))
  assert.ok(read?.kind === 'answered')
  assert.equal(read.failed, false)
  assert.deepEqual(read.labels, ['pii', 'untrusted'])
  for (const status of ['ok', 'cancelled', 'unknown', 'not_executed', 'cut']) {
    assert.equal(entryOf(record('call.outcome', { status })), undefined)
  }
  assert.deepEqual(entryOf(record('history.cleared', { label: 'pii', labels: ['pii'] })), {
    kind: 'cleared',
    agent: 'bot',
    label: 'pii',
  })
  assert.equal(entryOf(record('agent.updated', {})), undefined)
})
