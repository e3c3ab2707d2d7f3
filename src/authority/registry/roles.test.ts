// Holds the tests of role assignments: what is held when, and what stays as it was when nothing changes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { faultOf } from '../../../test/fakes/authority.ts'
import {
  assignmentsOf,
  nextEnd,
  reviewed,
  rolesNow,
  withoutEnded,
  withoutRole,
  withRole,
  withRoles,
  type RoleWord,
} from './roles.ts'

const NOW = 1_000_000
const DAY = 86_400_000
const word: RoleWord = { by: 'per_1', at: NOW, reason: 'a test' }

test('a role is gone at the instant of its end, before anything is written', () => {
  const holder = withRoles({ roles: [] }, [{ role: 'a' }, { role: 'b', expiresAt: NOW + 10 }], word)
  assert.deepEqual(rolesNow(holder, NOW), ['a', 'b'])
  assert.deepEqual(rolesNow(holder, NOW + 9), ['a', 'b'])
  assert.deepEqual(rolesNow(holder, NOW + 10), ['a'])
  assert.equal(nextEnd(holder, NOW), NOW + 10)
  assert.equal(nextEnd(holder, NOW + 10), NOW + 90 * DAY, 'where no end is said it is 90 days')
  assert.deepEqual(withoutEnded(holder, NOW + 10).roles, ['a'])
})

test('roles from before reasons were kept are held without an end', () => {
  assert.deepEqual(rolesNow({ roles: ['old'] }, NOW), ['old'])
  assert.deepEqual(assignmentsOf({ roles: ['old'] }), [{ role: 'old', reason: '', by: '', at: 0 }])
  const both = withRole({ roles: ['old'] }, { role: 'new' }, word)
  assert.deepEqual(both.roles, ['new', 'old'])
})

test('what is wished for as it is keeps who assigned it and when', () => {
  const before = withRoles({ roles: [] }, [{ role: 'a', reason: 'first' }], word)
  const later = { by: 'per_2', at: NOW + 5, reason: 'another change' }
  const same = withRoles(before, [{ role: 'a' }, { role: 'b' }], later)
  assert.deepEqual(same.assignments[0], before.assignments[0])
  assert.deepEqual(same.assignments[1], {
    role: 'b',
    reason: 'another change',
    by: 'per_2',
    at: NOW + 5,
    expiresAt: NOW + 5 + 90 * DAY,
  })
  const again = withRoles(before, [{ role: 'a', reason: 'second' }], later)
  assert.equal(again.assignments[0]?.by, 'per_2')
})

test('a role that has ended is not kept alive by wishing for it without a new end', () => {
  const before = withRoles({ roles: [] }, [{ role: 'a', expiresAt: NOW + 10 }], word)
  const later = { ...word, at: NOW + 20 }
  assert.throws(
    () => withRoles(before, [{ role: 'a', expiresAt: NOW + 10 }], later),
    faultOf('agent.date'),
  )
  assert.throws(() => reviewed(before, 'a', NOW + 20), faultOf('role.unassigned'))
  assert.equal(reviewed(before, 'a', NOW + 5).assignments[0]?.reviewedAt, NOW + 5)
})

test('a role has an end of a year at most, and is held for longer by assigning it again', () => {
  const before = withRoles({ roles: [] }, [{ role: 'a' }], word)
  const later = { ...word, at: NOW + 60 * DAY }
  assert.equal(withRoles(before, [{ role: 'a' }], later).assignments[0]?.expiresAt, NOW + 90 * DAY)
  assert.equal(withRole(before, { role: 'a' }, later).assignments[0]?.expiresAt, NOW + 150 * DAY)
  const year = NOW + 365 * DAY
  assert.equal(
    withRole(before, { role: 'a', expiresAt: year }, word).assignments[0]?.expiresAt,
    year,
  )
  assert.throws(
    () => withRole(before, { role: 'a', expiresAt: year + 1 }, word),
    faultOf('role.too_long'),
  )
})

test('a role that nobody assigned cannot be taken away, and there is a most of them', () => {
  assert.throws(() => withoutRole({ roles: ['a'] }, 'b'), faultOf('role.unassigned'))
  const many = Array.from({ length: 33 }, (_, at) => ({ role: `r${at}` }))
  assert.throws(() => withRoles({ roles: [] }, many, word), faultOf('role.too_many'))
  assert.throws(() => withRole({ roles: [] }, { role: '__proto__' }, word), faultOf('name.invalid'))
})

test('whatever is assigned and removed, no role is held that has no assignment, and none past its end', () => {
  const step = fc.oneof(
    fc.record({
      role: fc.constantFrom('a', 'b', 'c'),
      expiresAt: fc.option(fc.integer({ min: NOW + 1, max: NOW + 50 }), { nil: undefined }),
    }),
    fc.constantFrom('a', 'b', 'c'),
  )
  fc.assert(
    fc.property(fc.array(step), fc.integer({ min: NOW, max: NOW + 60 }), (steps, at) => {
      let holder = withRoles({ roles: [] }, [], word)
      const ends = new Map<string, number>()
      for (const one of steps) {
        if (typeof one !== 'string') {
          const { role, expiresAt } = one
          holder = withRole(holder, { role, ...(expiresAt !== undefined && { expiresAt }) }, word)
          ends.set(role, expiresAt ?? Infinity)
        } else if (ends.delete(one)) holder = withoutRole(holder, one)
      }
      const expected = [...ends].filter(([, end]) => end > at).map(([role]) => role)
      assert.deepEqual(rolesNow(holder, at), expected.sort())
      assert.deepEqual(holder.roles, [...holder.roles].sort())
    }),
  )
})
