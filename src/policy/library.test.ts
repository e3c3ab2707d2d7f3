// Holds the tests of the library's hazards: a trap is survived, repeated questions do not grow it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callContext } from './context.ts'
import { libraryEngine } from './engine.ts'
import { compiled, request } from './fixture.test.ts'
import { withCedar } from './library.ts'
import { pinned, questionOf } from './question.ts'

const permit = (id: string) => `@id("${id}") @without("user") permit (principal, action, resource);`

test('INV-2 after a trap the library is fresh, and sets are compiled as before', () => {
  const set = compiled(permit('a'))
  assert.equal(set.decide(request()).answer, 'allow')
  const deep = `permit (principal, action, resource) when { ${'['.repeat(5000)}${']'.repeat(5000)} };`
  assert.throws(() => withCedar((cedar) => cedar.policyToJson(deep)), { code: 'policy.engine' })
  assert.equal(set.decide(request()).answer, 'allow')
  assert.equal(compiled(permit('b')).decide(request()).answer, 'allow')
})

test('asking the library again and again does not grow it', () => {
  const rules = Array.from({ length: 300 }, (_, i) => permit(`p${i}`)).join('\n')
  const set = compiled(rules)
  const policies = [...set.policies.values()]
  const call = request()
  const context = callContext(pinned(set, call).input, call, call.input, call.now)
  const question = questionOf('agent', call, context)
  const ask = () => assert.equal(libraryEngine(policies).evaluate(question).permits().length, 300)
  for (let i = 0; i < 5; i++) ask()
  const before = process.memoryUsage().external
  for (let i = 0; i < 20; i++) ask()
  const grown = process.memoryUsage().external - before
  assert.ok(grown < 8_000_000, `${grown} bytes more`)
})
