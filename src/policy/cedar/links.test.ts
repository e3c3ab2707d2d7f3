// Holds the tests of templates: links are read strictly, and what fills a slot is an entity and nothing besides.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePolicySet } from '../load.ts'
import { BILLING, request } from '../fixture.test.ts'
import { filled, readLinks } from './links.ts'

const TEMPLATE = `// for ?principal of a team
@id("helpers")
@reason("?principal is text here")
permit (principal in ?principal, action == Action::"billing/create_refund", resource == ?resource);
@id("kept") forbid (principal == ?principal, action == Action::"billing/create_refund", resource) when { context.input.amount_cents > 1000 };`

const LINKS = JSON.stringify([
  {
    id: 'support-refunds',
    template: 'helpers',
    values: { '?principal': 'Role::"support"', '?resource': 'System::"billing"' },
  },
  { id: 'ada-kept', template: 'kept', values: { '?principal': 'Person::"ada"' } },
])

function load(links: string, text = TEMPLATE) {
  const sources = [
    { file: 'team.links.json', text: links },
    { file: 'team.cedar', text },
  ]
  return compilePolicySet({ sources, systems: [BILLING] })
}

test('a template decides for each link under the id of the link', () => {
  const loaded = load(LINKS)
  assert.ok(loaded.ok, JSON.stringify(loaded))
  assert.deepEqual([...loaded.set.policies.keys()], ['support-refunds', 'ada-kept'])
  assert.equal(loaded.set.policies.get('support-refunds')?.reason, '?principal is text here')
  const decision = loaded.set.decide(request())
  assert.equal(decision.answer, 'allow')
  assert.deepEqual(
    decision.parties[0]?.policies.map(({ id }) => id),
    ['support-refunds'],
  )
  const large = request({ input: { amount_cents: 2000 } })
  assert.deepEqual(
    loaded.set.decide(large).parties[0]?.policies.map(({ id }) => id),
    ['ada-kept'],
  )
  assert.equal(loaded.set.secondOpinion(large).answer, 'deny')
})

test('a link that fits no template, or fills too little or too much, is refused where it stands', () => {
  const one = (change: object) => {
    const [first, second] = JSON.parse(LINKS) as [object, object]
    const loaded = load(JSON.stringify([{ ...first, ...change }, second]))
    return loaded.ok ? undefined : loaded.problems[0]
  }
  assert.equal(one({}), undefined)
  for (const change of [
    { template: 'nobody' },
    { id: 'ada-kept' },
    { id: '' },
    { id: 'а' },
    { values: { '?principal': 'Role::"support"' } },
    { values: { '?principal': 'Role::"a"', '?resource': 'System::"b"', '?action': 'x' } },
    { values: { '?principal': 'Role::"a"', '?resource': 'Sistem::"billing"' } },
    { more: 1 },
  ]) {
    assert.equal(one(change)?.file, 'team.links.json', JSON.stringify(change))
  }
  assert.equal(load('{}').ok, false)
  assert.equal(load('[').ok, false)
})

test('a template that no link fills is refused', () => {
  const loaded = load('[]')
  assert.ok(!loaded.ok)
  assert.deepEqual(
    loaded.problems.map(({ code, file }) => [code, file]),
    [
      ['policy.template', 'team.cedar'],
      ['policy.template', 'team.cedar'],
    ],
  )
})

test('INV-2 what fills a slot is one entity: no text of a link becomes policy', () => {
  for (const entity of [
    'Role::"a" || true',
    'Role::"a", action, resource); permit (principal',
    'Role::"a"\n',
    '"a"',
    'Role',
    'principal',
    'Role::"a\\"',
    'Role::"a" // ',
    'Role ::"a"',
    '?resource',
  ]) {
    const values = { '?principal': entity }
    assert.equal(readLinks(JSON.stringify([{ id: 'a', template: 'b', values }])).ok, false, entity)
  }
  const values = { '?principal': 'Role::"a\\"b $& $1"' }
  const read = readLinks(JSON.stringify([{ id: 'a', template: 'b', values }]))
  assert.ok(read.ok)
  const text = 'permit (principal in ?principal, action, resource) when { "?principal" == "x" };'
  assert.deepEqual(filled(text, read.links[0]!), {
    text: 'permit (principal in Role::"a\\"b $& $1", action, resource) when { "?principal" == "x" };',
  })
})
