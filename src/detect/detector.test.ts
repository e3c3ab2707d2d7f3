// Holds the tests of the detector and of every rule: what is found, what is not, and that memory stays bounded.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Observation } from '../wire/observation.ts'
import { allRules, Detector } from './detector.ts'
import type { Finding } from './finding.ts'
import { Recent } from './recent.ts'

function bench() {
  const found: Finding[] = []
  const detector = new Detector(allRules(), (finding) => found.push(finding))
  const see = (
    kind: Exclude<Observation['kind'], 'breaker-tripped'>,
    more: { at?: number; place?: string; credential?: string; instance?: string } = {},
  ) => {
    const seen = { at: 0, instance: 'i1', agent: 'bot', place: '10.0.0.1', ...more }
    detector.observe(
      kind === 'credential-used' ? { credential: 'c1', ...seen, kind } : { ...seen, kind },
    )
  }
  return { see, rules: () => found.map((finding) => finding.rule), found }
}

test('one credential from one place is nothing, however often', () => {
  const { see, rules } = bench()
  for (let at = 0; at < 100; at++) see('credential-used', { at })
  assert.deepEqual(rules(), [])
})

test('one credential from two places within a minute is a finding that names both', () => {
  const { see, found } = bench()
  see('credential-used', { at: 0 })
  see('credential-used', { at: 59_000, place: '10.0.0.2' })
  assert.deepEqual(
    found.map(({ rule, severity, facts }) => ({ rule, severity, facts })),
    [
      {
        rule: 'credential-in-two-places',
        severity: 'high',
        facts: {
          credential: 'c1',
          place: '10.0.0.2',
          otherPlace: '10.0.0.1',
          msApart: 59_000,
        },
      },
    ],
  )
})

test('a machine that moved to another network is not in two places', () => {
  const { see, rules } = bench()
  see('credential-used', { at: 0 })
  see('credential-used', { at: 61_000, place: '10.0.0.2' })
  see('credential-used', { at: 62_000, place: '10.0.0.2' })
  assert.deepEqual(rules(), [])
})

test('one instance in two places with two credentials is impossible', () => {
  const { see, rules } = bench()
  see('credential-used', { at: 0, credential: 'old' })
  see('credential-used', { at: 1_000, credential: 'new', place: '10.0.0.2' })
  assert.deepEqual(rules(), ['impossible-concurrency'])
})

test('a renewal from another place than the enrolment is a finding', () => {
  const { see, rules } = bench()
  see('enrolled')
  see('renewed', { at: 1 })
  assert.deepEqual(rules(), [])
  see('renewed', { at: 2, place: '10.0.0.9' })
  assert.deepEqual(rules(), ['renewal-from-elsewhere'])
})

for (const [kind, rule] of [
  ['dpop-replayed', 'dpop-replay'],
  ['refresh-reused', 'refresh-reuse'],
  ['join-token-reused', 'join-race'],
] as const) {
  test(`${rule} is critical`, () => {
    const { see, found } = bench()
    see(kind)
    assert.deepEqual(
      found.map((finding) => [finding.rule, finding.severity]),
      [[rule, 'critical']],
    )
  })
}

test('the same conclusion is told once in ten minutes, so that nobody fills the log with it', () => {
  const { see, rules } = bench()
  for (let at = 0; at < 600_000; at += 1_000) see('dpop-replayed', { at })
  assert.equal(rules().length, 1)
  see('dpop-replayed', { at: 600_000 })
  see('dpop-replayed', { at: 600_000, instance: 'i2' })
  assert.equal(rules().length, 3)
})

test('memory is bounded: the entry that was set longest ago goes first', () => {
  const recent = new Recent<number>(3)
  for (let n = 0; n < 10; n++) recent.set(`k${n}`, n)
  assert.equal(recent.size, 3)
  assert.equal(recent.get('k6'), undefined)
  assert.equal(recent.get('k7'), 7)
  recent.set('k7', 70)
  recent.set('k10', 10)
  assert.equal(recent.get('k7'), 70)
  assert.equal(recent.get('k8'), undefined)
})

test('a breaker that tripped is a finding about the agent, told again once it is forgotten', () => {
  const found: Finding[] = []
  const detector = new Detector(allRules(), (finding) => found.push(finding))
  const seen = { kind: 'breaker-tripped', instance: 'i1', agent: 'bot', place: '', at: 1 } as const
  const trip = { ...seen, what: 'denials', count: 101, most: 100 } as const
  detector.observe(trip)
  detector.observe({ ...trip, at: 2 })
  assert.equal(found.length, 1)
  assert.equal(found[0]?.agent, 'bot')
  assert.equal(
    found[0]?.summary,
    'circuit breaker: 101 calls were refused within a minute, and 100 may',
  )
  detector.forget('i1')
  detector.observe({ ...trip, at: 3 })
  assert.equal(found.length, 2)
})
