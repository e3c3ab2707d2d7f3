// Holds tests of obligations: how they are read, what is wrong with them, and that of several permits each is met.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { together } from '../wire/obligation.ts'
import { readAnnotations } from './annotation.ts'
import { compiled, request } from './fixture.test.ts'
import { obligationsInWords } from './explain/obligation.ts'

function read(annotations: Record<string, string | null>, effect: 'permit' | 'forbid' = 'permit') {
  const json = {
    effect,
    principal: { op: 'All' },
    action: { op: 'All' },
    resource: { op: 'All' },
    conditions: [],
    annotations: { id: 'x', ...annotations },
  } as Parameters<typeof readAnnotations>[0]
  return readAnnotations(json)
}

test('every obligation is read', () => {
  const { annotations, problems } = read({
    find: 'email',
    redact: 'secrets, personal',
    refuse: 'card',
    links: 'docs.example.com, *.corp.example',
    max_bytes: '1048576',
    label: 'untrusted, web',
    keep: 'result, arguments',
    keep_days: '90',
  })
  assert.deepEqual(problems, [])
  assert.deepEqual(annotations.obligations, {
    find: ['email'],
    redact: ['secrets', 'email', 'phone', 'iban', 'card', 'national-id'],
    refuse: ['card'],
    links: [['docs.example.com', '*.corp.example']],
    maxBytes: 1_048_576,
    labels: ['untrusted', 'web'],
    keep: ['arguments', 'result'],
    keepDays: 90,
  })
  assert.deepEqual(read({ links: null }).annotations.obligations, { links: [[]] })
  assert.equal(read({}).annotations.obligations, undefined)
})

const WRONG: readonly Record<string, string>[] = [
  { redact: 'secret' },
  { redact: '' },
  { find: 'emails' },
  { refuse: 'Card' },
  { links: 'https://docs.example.com' },
  { links: 'docs.example.com/x' },
  { links: 'DOCS.example.com' },
  { links: '*' },
  { links: 'a.*.example' },
  { links: 'münchen.example' },
  { max_bytes: '0' },
  { max_bytes: '1e6' },
  { max_bytes: '-1' },
  { label: 'Un trusted' },
  { label: '' },
  { keep: '' },
  { keep: 'argument' },
  { keep_days: '0' },
  { keep_days: '3651' },
  { keep_days: '30d' },
]

for (const annotations of WRONG) {
  test(`refused: ${JSON.stringify(annotations)}`, () => {
    const { problems } = read(annotations)
    assert.equal(problems.length, 1)
    assert.equal(problems[0]?.code, 'policy.bad_annotation')
    assert.equal(problems[0]?.name, Object.keys(annotations)[0])
  })
}

test('a word that is nearly right is named', () => {
  assert.match(read({ redact: 'secret' }).problems[0]!.message, /did you mean "secrets"/)
  assert.match(read({ redacts: 'secrets' }).problems[0]!.help!, /@redact/)
})

test('an obligation on a forbid is refused', () => {
  for (const name of ['find', 'redact', 'refuse', 'links', 'max_bytes', 'label']) {
    const { problems } = read({ [name]: name === 'max_bytes' ? '1' : 'email' }, 'forbid')
    assert.ok(problems.some(({ code }) => code === 'policy.obligation_on_forbid'))
  }
})

test('INV-4 of several obligations each is met', () => {
  const one = {
    redact: ['email'],
    links: [['a.test', 'b.test']],
    maxBytes: 10,
    labels: ['x'],
  } as const
  const two = {
    redact: ['card'],
    refuse: ['email'],
    links: [['b.test']],
    maxBytes: 20,
    labels: ['a'],
  } as const
  assert.deepEqual(together([one, undefined, two]), {
    redact: ['email', 'card'],
    refuse: ['email'],
    links: [['a.test', 'b.test'], ['b.test']],
    maxBytes: 10,
    labels: ['a', 'x'],
  })
  assert.equal(together([undefined]), undefined)
  assert.deepEqual(together([one, one]), one)
})

test('they are told in words', () => {
  assert.deepEqual(
    obligationsInWords({ redact: ['email'], links: [[], ['a.test']], maxBytes: 5, labels: ['x'] }),
    [
      'these are taken out: email',
      'every link is taken out',
      'links are taken out unless they lead to a.test',
      'an answer of more than 5 bytes of text is refused',
      'the lineage takes up the labels x',
    ],
  )
})

test('a decision carries what its determining permits ask for, of every party, and of no other permit', () => {
  const set = compiled(
    [
      '@id("all") permit (principal, action, resource);',
      '@id("people") @redact("email") permit (principal is Person, action, resource);',
      '@id("agents") @refuse("card") @max_bytes("10") permit (principal is Instance, action, resource);',
      '@id("others") @links permit (principal in Role::"nobody", action, resource);',
    ].join('\n'),
  )
  const decision = set.decide(request())
  assert.equal(decision.answer, 'allow')
  assert.deepEqual(decision.obligations, { redact: ['email'], refuse: ['card'], maxBytes: 10 })
  assert.equal(set.decide(request()).obligations, decision.obligations, 'made once')
  assert.deepEqual(set.secondOpinion(request()), decision)
  assert.deepEqual(set.explain(request()).obligations, [
    'an answer that holds any of these is refused: card',
    'these are taken out: email',
    'an answer of more than 10 bytes of text is refused',
  ])
  const plain = compiled('@id("all") permit (principal, action, resource);')
  assert.equal('obligations' in plain.decide(request()), false)
})

test('of several permits all that any of them keeps is kept, for the longest time', () => {
  const kept = together([
    { keep: ['result'], keepDays: 7 },
    { keep: ['arguments'] },
    { keepDays: 90 },
  ])
  assert.deepEqual(kept, { keep: ['arguments', 'result'], keepDays: 90 })
})
