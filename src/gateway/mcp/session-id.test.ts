// Holds tests of the id of a session: what this home gave to one caller is worth nothing to another, and nobody makes one up.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FakePorts } from '../../../test/fakes/ports.ts'
import { readSessionId, sessionId } from './session-id.ts'

const { ports } = new FakePorts()
const BEGUN = { version: '2025-11-25', capabilities: { elicitation: { url: {} } } }
const OF = { door: 'files', owner: 'instance-a' }

test('an id says again what it was begun with, to its caller at its endpoint alone', () => {
  const id = sessionId(ports, { ...BEGUN, ...OF })
  assert.deepEqual(JSON.parse(JSON.stringify(readSessionId(ports, id, OF))), {
    ...BEGUN,
    door: 'files',
  })
  assert.equal(readSessionId(ports, id, { ...OF, owner: 'instance-b' }), undefined)
  assert.equal(readSessionId(ports, id, { ...OF, door: 'mail' }), undefined)
  assert.notEqual(sessionId(ports, { ...BEGUN, ...OF }), id)
  // Visible ASCII (MCP 2025-11-25, Streamable HTTP, session management).
  assert.match(id, /^[\x21-\x7e]+$/)
})

test('INV-8 an id that was changed, or made up, is none', () => {
  const id = sessionId(ports, { ...BEGUN, ...OF })
  fc.assert(
    fc.property(fc.nat(id.length - 1), fc.constantFrom('A', 'b', '.', '-'), (at, other) => {
      const changed = id.slice(0, at) + other + id.slice(at + 1)
      if (changed !== id) assert.equal(readSessionId(ports, changed, OF), undefined)
    }),
  )
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.equal(readSessionId(ports, text, OF), undefined)
    }),
  )
})
