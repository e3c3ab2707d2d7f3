// Holds the tests of the library's hazards: a trap is survived, repeated loads do not grow, old sets still decide.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { questionOf } from './decide.ts'
import { libraryEngine } from './engine.ts'
import { compiled, request, unattended } from './fixture.test.ts'
import { withCedar } from './library.ts'

const permit = (id: string) => `@id("${id}") permit (principal, action, resource);`

test('INV-2 after a trap the library is fresh, and every set decides as before', () => {
  const set = compiled(permit('a'))
  assert.equal(set.decide(request()).answer, 'allow')
  const deep = `permit (principal, action, resource) when { ${'['.repeat(5000)}${']'.repeat(5000)} };`
  assert.throws(() => withCedar((cedar) => cedar.policyToJson(deep)), { code: 'policy.engine' })
  assert.equal(set.decide(request()).answer, 'allow')
  assert.equal(compiled(permit('b')).decide(request()).answer, 'allow')
})

test('more sets than slots: each decides by its own policies, in any order', () => {
  const sets = ['a', 'b', 'c', 'd'].map((id) => compiled(permit(id)))
  const none = compiled('')
  for (const order of [
    [0, 1, 2, 3],
    [3, 1, 0, 2],
    [2, 2, 0, 3],
  ]) {
    for (const at of order) {
      const [party] = sets[at]!.decide(unattended()).parties
      assert.deepEqual(
        party?.policies.map(({ id }) => id),
        ['abcd'[at]],
      )
      assert.equal(none.decide(unattended()).answer, 'deny')
    }
  }
})

test('repeated loads do not grow the library', () => {
  const rules = Array.from({ length: 300 }, (_, i) => permit(`p${i}`)).join('\n')
  const policies = [...compiled(rules).policies.values()]
  const call = request()
  const question = questionOf('agent', call, { effects: [] })
  const load = () => assert.equal(libraryEngine(policies).evaluate(question).permits().length, 300)
  for (let i = 0; i < 10; i++) load()
  const before = process.memoryUsage().external
  for (let i = 0; i < 60; i++) load()
  const grown = process.memoryUsage().external - before
  // A slot of its own for each would take 36 MB here.
  assert.ok(grown < 8_000_000, `${grown} bytes more`)
})
