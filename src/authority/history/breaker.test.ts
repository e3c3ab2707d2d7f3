// Holds the tests of circuit breakers: what trips them, what does not, and what closes them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Breakers, type BreakerWhat, type Trip } from './breaker.ts'
import type { Asked } from './entry.ts'

const ASKED: Asked = { agents: ['bot'], person: 'per_1', system: 's', action: 'a' }
const MINUTE = 60_000

function bench(own: Partial<Record<BreakerWhat, number>> = {}) {
  const breakers = new Breakers({ breaker: (what) => own[what] })
  breakers.set({ denials: 3, errors: 2, identical: 2 })
  const trips: Trip[] = []
  breakers.onTrip((trip) => trips.push(trip))
  return { breakers, trips }
}

test('one more than there may be within a minute trips it, once', () => {
  const { breakers, trips } = bench()
  for (let at = 0; at < 6; at++) breakers.denied(ASKED, `i${at}`, at)
  assert.deepEqual(trips, [
    { agent: 'bot', instance: 'i3', what: 'denials', count: 4, most: 3, at: 3 },
  ])
  assert.equal(breakers.isOpen('bot'), true)
  assert.equal(breakers.isOpen('other'), false)
})

test('as many over more than a minute do not', () => {
  const { breakers, trips } = bench()
  for (let at = 0; at < 20; at++) {
    breakers.denied(ASKED, 'i', at * 21_000)
    breakers.failed(ASKED, 'i', at * 31_000)
    breakers.called(ASKED, 'same', 'i', at * 31_000)
  }
  assert.equal(trips.length, 0)
})

test('a sub-agent counts for the head of its chain, and another person is another lineage', () => {
  const { breakers, trips } = bench()
  breakers.failed(ASKED, 'i', 0)
  breakers.failed({ ...ASKED, person: 'per_2' }, 'i', 0)
  breakers.failed({ ...ASKED, agents: ['bot', 'helper'] }, 'i', 0)
  assert.equal(trips.length, 0)
  breakers.failed({ ...ASKED, agents: ['bot', 'helper'] }, 'i', 0)
  assert.equal(trips[0]?.agent, 'bot')
})

test('identical calls are of one action with the same arguments; what is between them does not hide them', () => {
  const { breakers, trips } = bench()
  for (let at = 0; at < 3; at++) {
    breakers.called(ASKED, `other ${at}`, 'i', at)
    breakers.called({ ...ASKED, action: `b${at}` }, 'same', 'i', at)
  }
  assert.equal(trips.length, 0)
  for (let at = 0; at < 3; at++) {
    breakers.called(ASKED, 'same', 'i', at)
    breakers.called(ASKED, `between ${at}`, 'i', at)
  }
  assert.deepEqual(
    trips.map(({ what, count }) => [what, count]),
    [['identical', 3]],
  )
})

test('it stays open until the agent was suspended and is active again, and then begins anew', () => {
  const { breakers, trips } = bench()
  for (let at = 0; at < 4; at++) breakers.denied(ASKED, 'i', 0)
  // Whatever else changes of it while the suspension is being written closes nothing.
  breakers.changed('bot', true)
  assert.equal(breakers.isOpen('bot'), true)
  breakers.changed('bot', false)
  breakers.changed('bot', true)
  assert.equal(breakers.isOpen('bot'), false)
  for (let at = 0; at < 3; at++) breakers.denied(ASKED, 'i', 1)
  assert.equal(trips.length, 1)
  breakers.denied(ASKED, 'i', 1)
  assert.equal(trips.length, 2)
})

test('a limit sets another bound for an agent, and 0 switches off', () => {
  const { breakers, trips } = bench({ denials: 5, errors: 0 })
  for (let at = 0; at < 5; at++) breakers.denied(ASKED, 'i', 0)
  for (let at = 0; at < 50; at++) breakers.failed(ASKED, 'i', 0)
  assert.equal(trips.length, 0)
  breakers.denied(ASKED, 'i', 0)
  assert.equal(trips[0]?.most, 5)
})

test('what nothing is left of is dropped, and nothing else', () => {
  const { breakers, trips } = bench()
  breakers.denied(ASKED, 'i', 0)
  breakers.called(ASKED, 'same', 'i', 0)
  breakers.tidy(3 * MINUTE)
  breakers.called(ASKED, 'same', 'i', 3 * MINUTE)
  breakers.tidy(3 * MINUTE + 1)
  for (let at = 0; at < 2; at++) breakers.called(ASKED, 'same', 'i', 3 * MINUTE + 2)
  assert.equal(trips.length, 1)
})
