// Holds the tests of the index: for any scopes, hierarchy and question it finds what asking every policy finds.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import fc from 'fast-check'
import { PolicyIndex } from './index.ts'
import { compilePolicy } from './policy.ts'
import { frameFromJson } from './question-json.ts'

const TYPES = ['User', 'Group']
const IDS = ['a', 'b', 'c', '']

const uid = fc.record({ type: fc.constantFrom(...TYPES), id: fc.constantFrom(...IDS) })
const action = fc.record({ type: fc.constant('Action'), id: fc.constantFrom(...IDS) })

const party: fc.Arbitrary<PolicyJson['principal']> = fc.oneof(
  fc.constant({ op: 'All' } as const),
  uid.map((entity) => ({ op: '==', entity }) as const),
  uid.map((entity) => ({ op: 'in', entity }) as const),
  fc.constantFrom(...TYPES).map((entity_type) => ({ op: 'is', entity_type }) as const),
  fc
    .tuple(fc.constantFrom(...TYPES), uid)
    .map(([entity_type, entity]) => ({ op: 'is', entity_type, in: { entity } }) as const),
)

const actions: fc.Arbitrary<PolicyJson['action']> = fc.oneof(
  fc.constant({ op: 'All' } as const),
  action.map((entity) => ({ op: '==', entity }) as const),
  action.map((entity) => ({ op: 'in', entity }) as const),
  fc.array(action, { maxLength: 3 }).map((entities) => ({ op: 'in' as const, entities })),
)

const policies = fc
  .array(
    fc.record({
      effect: fc.constantFrom('permit' as const, 'forbid' as const),
      principal: party,
      action: actions,
      resource: party,
      conditions: fc.constant<PolicyJson['conditions']>([]),
    }),
    { maxLength: 20 },
  )
  .map((all) =>
    all.map((json, at) => compilePolicy(`p${at}`, json, { integer: BigInt, slots: {} })),
  )

/** Entities without order: who is above whom may well go round in circles here. */
const entities = fc.uniqueArray(
  fc.record({
    uid: fc.oneof(uid, action),
    parents: fc.array(fc.oneof(uid, action), { maxLength: 3 }),
    attrs: fc.constant({}),
  }),
  { selector: ({ uid: { type, id } }) => `${type} ${id}`, maxLength: 8 },
)

test('the index misses no policy whose scope holds, and names each once', () => {
  let found = 0
  const question = fc.record({ principal: uid, action, resource: uid, entities })
  fc.assert(
    fc.property(policies, fc.array(question, { minLength: 1, maxLength: 5 }), (all, questions) => {
      const index = new PolicyIndex(all)
      for (const asked of questions) {
        const frame = frameFromJson({ ...asked, context: {} })
        const ids = index.inScope(frame).map(({ id }) => id)
        const expected = all.filter(({ inScope }) => inScope(frame)).map(({ id }) => id)
        assert.deepEqual(ids.toSorted(), expected.toSorted())
        found += ids.length
      }
    }),
    { numRuns: 500 },
  )
  assert.ok(found > 100)
})
