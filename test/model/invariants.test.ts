// Holds the tests of the invariants: a run that is sound, and for each rule the smallest run that breaks it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge, RULES, type GatewayEvent, type Rule } from './invariants.ts'

const intent = (call: string, at: number, approval?: string): GatewayEvent => ({
  kind: 'intent',
  at,
  call,
  locks: ['L'],
  ...(approval !== undefined && { approval }),
})
const write = (call: string, at: number, gateway = 'A'): GatewayEvent => ({
  kind: 'write',
  at,
  call,
  gateway,
})
const outcome = (
  call: string,
  at: number,
  said: 'done' | 'refused' | 'unknown' = 'done',
): GatewayEvent => ({ kind: 'outcome', at, call, said })
const go = (call: string, at: number, control = 'c1'): GatewayEvent => ({
  kind: 'go',
  at,
  call,
  control,
})
const lock = (at: number): GatewayEvent => ({ kind: 'lock', at, lock: 'L', control: 'c1' })
const unlock = (at: number): GatewayEvent => ({ kind: 'unlock', at, lock: 'L', control: 'c1' })
const confirm = (at: number, gateway = 'A'): GatewayEvent => ({
  kind: 'confirm',
  at,
  lock: 'L',
  gateway,
})

const BOUND = 5_000

function broken(events: readonly GatewayEvent[], quiet = true): Rule[] {
  return judge(events, { bound: BOUND, quiet }).map(({ rule }) => rule)
}

test('a sound run breaks nothing: sent within the bound, streamed, cut, confirmed, lifted and sent again', () => {
  const more: GatewayEvent = { kind: 'more', at: 4_000, call: '1', gateway: 'A' }
  const run = [
    intent('1', 0, 'a1'),
    go('1', 1),
    write('1', 2),
    lock(10),
    confirm(20, 'B'),
    // Gateway A is out of reach, and within its lease.
    more,
    outcome('1', 5_011, 'unknown'),
    confirm(9_000),
    unlock(10_000),
    intent('2', 10_001, 'a2'),
    go('2', 10_002),
    write('2', 10_003),
    outcome('2', 10_004),
    intent('3', 10_005),
    outcome('3', 10_006, 'refused'),
  ]
  assert.deepEqual(broken(run), [])
})

const SMALLEST: Readonly<Record<Rule, readonly GatewayEvent[]>> = {
  'within the bound': [intent('1', 0), lock(1), write('1', 5_002), outcome('1', 5_003)],
  'none after the receipt': [intent('1', 0), lock(1), confirm(2), write('1', 3), outcome('1', 4)],
  'no go after the lock': [intent('1', 0), lock(1), go('1', 2), outcome('1', 3, 'refused')],
  'recorded first': [write('1', 0), intent('1', 1), outcome('1', 2, 'unknown')],
  'once for one call': [intent('1', 0), write('1', 1), write('1', 2), outcome('1', 3)],
  'once for one approval': [
    intent('1', 0, 'a'),
    intent('2', 1, 'a'),
    write('1', 2),
    write('2', 3, 'B'),
    outcome('1', 4),
    outcome('2', 5),
  ],
  'one outcome': [intent('1', 0), outcome('1', 1), outcome('1', 2)],
  'none left open': [intent('1', 0), write('1', 1)],
  'the record is true': [
    intent('1', 0),
    write('1', 1),
    outcome('1', 2, 'refused'),
    outcome('1', 3),
  ],
}

for (const rule of Object.keys(RULES) as Rule[]) {
  test(`${RULES[rule]}: a run that breaks it is found, and breaks nothing else`, () => {
    assert.deepEqual(broken(SMALLEST[rule]), [rule])
  })
}

test('each rule is exact at its edge', () => {
  assert.deepEqual(broken([intent('1', 0), lock(1), write('1', 5_001), outcome('1', 5_002)]), [])
  // What another gateway confirmed, and what another control let go, is theirs.
  const elsewhere = [lock(1), intent('1', 2), confirm(3, 'B'), go('1', 4, 'c2'), write('1', 5)]
  assert.deepEqual(broken(elsewhere, false), [])
  assert.deepEqual(broken(elsewhere), ['none left open'])
  // An outcome of what has no intent, and a call that is sent after the record said that it was not.
  assert.deepEqual(broken([outcome('1', 0)]), ['one outcome'])
  assert.deepEqual(broken([intent('1', 0), outcome('1', 1, 'refused'), write('1', 2)]), [
    'the record is true',
  ])
  // Two calls may wait for one approval, as long as one of them is sent.
  const joined = [intent('1', 0, 'a'), intent('2', 1, 'a'), write('2', 2), outcome('2', 3)]
  assert.deepEqual(broken([...joined, outcome('1', 4, 'refused')]), [])
})

test('a lock is judged against what it denies alone', () => {
  const other: GatewayEvent = { kind: 'intent', at: 0, call: '1', locks: [] }
  assert.deepEqual(broken([other, lock(1), write('1', 9_000), outcome('1', 9_001)]), [])
})
