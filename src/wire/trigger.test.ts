// Holds the tests of what a client claims set its call off: read to the letter, bounded, and never text.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Json, JsonObject } from '../std/json.ts'
import { triggerInHeader, triggerInMeta } from './trigger.ts'

const CALL = '01a204f2-383b-7306-a4c7-0552c2623573'
const DIGEST = `sha256:${'ab'.repeat(32)}`

test('a claim is read from `_meta` and from a header alike', () => {
  const claim = { by: 'person', id: 'turn-7', call: CALL, digest: DIGEST }
  assert.deepEqual(triggerInMeta(claim), claim)
  assert.deepEqual(triggerInHeader(`person; id=turn-7;call=${CALL} ; digest=${DIGEST}`), claim)
  assert.deepEqual(triggerInHeader('schedule'), { by: 'schedule' })
  assert.equal(triggerInMeta(undefined), undefined)
  assert.equal(triggerInHeader(undefined), undefined)
})

test('what is none to the letter is unreadable, and nothing of it is kept', () => {
  const metas: Json[] = [
    null,
    'person',
    [],
    {},
    { by: 'system' },
    { by: 'person', said: 'please pay' },
    { by: 'person', id: 'two words' },
    { by: 'person', id: 'x'.repeat(65) },
    { by: 'person', id: 7 },
    { by: 'tool', call: 'call-1' },
    { by: 'tool', digest: 'sha256:short' },
  ]
  for (const meta of metas) assert.equal(triggerInMeta(meta), 'unreadable', JSON.stringify(meta))
  for (const header of [
    '',
    'person;id',
    'person;id=a;id=b',
    'person;by=tool',
    'person;text=pay%20me',
    `person;id=${'x'.repeat(300)}`,
    ['person', 'tool'],
  ]) {
    assert.equal(triggerInHeader(header), 'unreadable', String(header))
  }
})

test('whatever is claimed, what is kept is an id, a digest, or nothing', () => {
  const member = fc.oneof(fc.constantFrom('by', 'id', 'call', 'digest'), fc.string())
  const value = fc.oneof(
    fc.constantFrom('person', 'tool', CALL, DIGEST),
    fc.string(),
    fc.jsonValue(),
  )
  fc.assert(
    fc.property(fc.dictionary(member, value), (members) => {
      const read = triggerInMeta(members as JsonObject)
      if (read === 'unreadable' || read === undefined) return
      assert.match(Object.values(read).join(' '), /^[A-Za-z0-9._: -]+$/)
    }),
  )
  fc.assert(
    fc.property(fc.string(), (text) => {
      const read = triggerInHeader(text)
      assert.ok(read === 'unreadable' || typeof read === 'object')
    }),
  )
})
