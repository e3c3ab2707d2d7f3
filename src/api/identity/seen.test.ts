// Holds tests of what the identity listener tells detectors: who came or went on, from where, and nothing of anybody else.

import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { seenIn } from './seen.ts'

const INSTANCE = '019a5a6e-3c00-7000-8000-000000000001'
const request = { socket: { remoteAddress: '10.0.0.7' } } as IncomingMessage

test('an instance that is enrolled or renewed is seen, with where it is', () => {
  const answer = { spiffe_id: `spiffe://x/agent/bot/${INSTANCE}` }
  const seen = { at: 7, agent: 'bot', instance: INSTANCE, place: '10.0.0.7' }
  assert.deepEqual(seenIn('/v1/enroll', answer, request, 7), { ...seen, kind: 'enrolled' })
  assert.deepEqual(seenIn('/v1/attest', answer, request, 7), { ...seen, kind: 'enrolled' })
  assert.deepEqual(seenIn('/v1/renew', answer, request, 7), { ...seen, kind: 'renewed' })
  assert.equal(seenIn('/v1/end', answer, request, 7), undefined)
  assert.equal(seenIn('constructor', answer, request, 7), undefined)
  assert.equal(seenIn('/v1/renew', { ended: true }, request, 7), undefined)
  assert.equal(seenIn('/v1/renew', { spiffe_id: 'spiffe://x' }, request, 7), undefined)
})
