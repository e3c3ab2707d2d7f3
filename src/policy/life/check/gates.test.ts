// Holds tests of the check for gates that nobody can open: roles, teams and checks that are there for nobody, and too few people.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compiled } from '../../fixture.test.ts'
import { analyse } from '../analyse.ts'
import type { Registered } from '../registered.ts'

const REGISTERED: Registered = {
  agents: [],
  people: [
    { id: 'p1', name: 'ada', roles: ['finance'] },
    { id: 'p2', name: 'bob', roles: ['operator'] },
  ],
  environments: {},
  teams: [
    { name: 'treasury', members: ['p1', 'p2'] },
    { name: 'empty', members: ['gone'] },
  ],
  checks: ['refund-guard'],
}

/** What is said of a gate; empty: nothing. */
function said(gate: string, registered = REGISTERED): string {
  const set = compiled(`  @id("g")\n  @gate("${gate}") forbid (principal, action, resource);`)
  const [finding, ...more] = analyse(set, registered)
  assert.deepEqual(more, [])
  if (finding === undefined) return ''
  assert.deepEqual([finding.line, finding.column], [2, 3])
  assert.equal(finding.code, 'policy.no_approver')
  return `${finding.message}; ${finding.help}`
}

test('gates that somebody can open are passed over', () => {
  for (const gate of [
    'finance',
    'team treasury',
    '2 of team treasury',
    '2 of finance or operator',
    'team empty or finance',
    'check refund-guard',
    'the owner',
    '9 of the user or nobody',
  ]) {
    assert.equal(said(gate), '', gate)
  }
})

test('gates that nobody can open are named, with who was probably meant', () => {
  for (const [gate, words] of [
    ['finence', /no person holds the role `finence`; did you mean `finance`\?/],
    ['auditors', /no person holds the role `auditors`; give it to somebody/],
    ['2 of finance', /it asks 2 people, and 1 could agree/],
    ['team tresury', /nobody is in the team `tresury`; did you mean `treasury`\?/],
    ['team empty', /nobody is in the team `empty`/],
    ['3 of team treasury', /it asks 3 people, and 2 could agree/],
    ['cfo or team empty', /no person holds the role `cfo`, and nobody is in the team `empty`/],
    ['check refund-gard', /no check `refund-gard` is registered; did you mean `refund-guard`\?/],
    ['check other', /no check `other` is registered; register it: bailiwick check add other/],
  ] as const) {
    assert.match(said(gate), words, gate)
  }
})

test('facts of before teams and checks were known say nothing of them', () => {
  const { teams: _, checks: __, ...before } = REGISTERED
  assert.equal(said('team tresury', before), '')
  assert.equal(said('check other', before), '')
  assert.match(said('auditors', before), /no person holds/)
})
