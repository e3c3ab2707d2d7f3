// Holds the tests of what the text of a gate says.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'

import { gateRule, gateWords, readGate, type GateRule } from './gate.ts'

const PLAIN: GateRule = { count: 1, who: [], not: [], apart: false, present: false }
const role = (name: string) => ({ kind: 'role', name }) as const

test('a gate says who agrees, how many, and under which conditions', () => {
  const gates: Record<string, GateRule> = {
    finance: { ...PLAIN, who: [role('finance')] },
    '2 of finance': { ...PLAIN, count: 2, who: [role('finance')] },
    'finance or team treasury': {
      ...PLAIN,
      who: [role('finance'), { kind: 'team', name: 'treasury' }],
    },
    'the owner, not the user': { ...PLAIN, who: [{ kind: 'owner' }], not: ['user'] },
    'the user': { ...PLAIN, who: [{ kind: 'user' }] },
    '3 of the owner or a.b-c,not the owner , apart,present': {
      count: 3,
      who: [{ kind: 'owner' }, role('a.b-c')],
      not: ['owner'],
      apart: true,
      present: true,
    },
    'finance, after 30 minutes cfo or the owner': {
      ...PLAIN,
      who: [role('finance')],
      later: { afterMs: 1_800_000, who: [role('cfo'), { kind: 'owner' }] },
    },
    'finance, after 2 hours cfo': {
      ...PLAIN,
      who: [role('finance')],
      later: { afterMs: 7_200_000, who: [role('cfo')] },
    },
  }
  for (const [text, rule] of Object.entries(gates)) assert.deepEqual(readGate(text), { rule }, text)
})

test('INV-10 what is not quite a gate is refused, and opens to nobody', () => {
  const wrong = [
    '',
    ' ',
    'Finance',
    'finance or',
    'finance or finance',
    '0 of finance',
    '10 of finance',
    '2 finance',
    'the boss',
    'team',
    'team Treasury',
    'or',
    'finance,',
    'finance, not the agent',
    'finance, apart, apart',
    'finance, after 0 minutes cfo',
    'finance, after 30 minutes',
    'finance, after 30 seconds cfo',
    '2 of the user',
    'the user, not the user',
    'the owner, not the owner',
    'finance; security',
    'ﬁnance',
    'finance\u202e',
    'finance  or  security',
    `${'a'.repeat(64)} or `.repeat(4),
  ]
  for (const text of wrong) {
    assert.ok('wrong' in readGate(text), text)
    assert.deepEqual(gateRule(text).who, [role(text)], 'a role of that name, which nobody can hold')
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      const read = readGate(text)
      return 'wrong' in read || /^[a-z0-9., -_]+$/.test(text.trim())
    }),
  )
})

test('people are told what a gate asks for', () => {
  assert.equal(gateWords('finance'), 'the role finance')
  assert.equal(
    gateWords(
      '2 of finance or team treasury, not the user, apart, present, after 1 hour the owner',
    ),
    "2 people: the role finance or the team treasury; not the person it acts for; nobody who agreed to another gate of the call; with a passkey; after 60 minutes also the agent's owner",
  )
})
