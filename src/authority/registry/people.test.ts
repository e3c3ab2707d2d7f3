// Holds tests of people: their roles now, their keys, the names that strangers bring, and what stands in the record.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { faultOf, withAuthority } from '../../../test/fakes/authority.ts'
import { isName } from '../../std/id.ts'
import { PeopleIndex } from './people-index.ts'
import { rolesOf } from './person-roles.ts'

function publicKey(): string {
  const { publicKey: key } = generateKeyPairSync('ed25519')
  return key.export({ format: 'der', type: 'spki' }).toString('base64url')
}

const PERSON = { id: 'per_1', name: 'ann', roles: ['viewer'], credentials: [], createdAt: 0 }
const external = (heardAt: number, roles = ['operator']) => [
  { source: 'corp', subject: 's', roles, heardAt },
]

test('groups give roles from the login on, for as long as the source says, and only those that it still gives', () => {
  const source = {
    createdAt: 500,
    groupsMaxAgeMs: 100,
    groupRoles: { ops: ['operator'], x: ['auditor'] },
  }
  const now = (at: number, of = external(1_000)) =>
    rolesOf({ ...PERSON, external: of }, at, (name) => (name === 'corp' ? source : undefined))
  assert.deepEqual(now(999), ['viewer'], 'heard of in the future')
  assert.deepEqual(now(1_000), ['operator', 'viewer'])
  assert.deepEqual(now(1_099), ['operator', 'viewer'])
  assert.deepEqual(now(1_100), ['viewer'])
  assert.deepEqual(now(1_000, external(1_000, ['administrator'])), ['viewer'])
  assert.deepEqual(now(510, external(499)), ['viewer'], 'of another source of that name')
  assert.deepEqual(
    rolesOf({ ...PERSON, external: external(1_000) }, 1_000, () => undefined),
    ['viewer'],
  )
  assert.deepEqual(
    rolesOf({ ...PERSON, state: 'left' }, 0, () => undefined),
    [],
  )
})

test('whatever a stranger is called becomes a name that is free', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (wanted) => {
      const index = new PeopleIndex()
      const first = index.freeName(wanted)
      assert.ok(isName(first), first)
      index.show({ doc: { ...PERSON, name: first }, leaf: '', sig: '' })
      const second = index.freeName(wanted)
      assert.ok(isName(second) && second !== first, second)
    }),
  )
})

test('keys are added and taken away, each belongs to one person, and the last counts no more once it is gone', () =>
  withAuthority(async (_, { people }) => {
    const ann = await people.create({ name: 'ann', roles: [], publicKey: publicKey() })
    await people.create({ name: 'bob', roles: [] })
    const second = publicKey()
    const { credentials } = await people.addKey('ann', second, ann.id)
    const kid = credentials[1]!.kid
    assert.equal(people.byCredential(kid)?.id, ann.id)
    await assert.rejects(people.addKey('bob', second, ann.id), faultOf('person.exists'))
    await assert.rejects(people.addKey('bob', 'AAAA', ann.id), faultOf('person.key'))
    const word = { person: ann.id, reason: 'lost' }
    await people.removeKey('ann', kid, word)
    assert.equal(people.byCredential(kid), undefined)
    await assert.rejects(people.removeKey('ann', kid, word), faultOf('person.no_key'))
    await people.addKey('bob', second, ann.id)
    assert.equal(people.byCredential(kid)?.name, 'bob')
    for (let more = 0; more < 15; more++) await people.addKey('bob', publicKey(), ann.id)
    await assert.rejects(people.addKey('bob', publicKey(), ann.id), faultOf('person.keys'))
  }))

test('changes are recorded by id, with a reason and without a name', () =>
  withAuthority(async (home, { people }) => {
    const ann = await people.create({ name: 'ann-of-green-gables', roles: [] })
    await assert.rejects(
      people.change(ann.id, { roles: ['x'] }, { person: ann.id, reason: ' ' }),
      faultOf('reason.required'),
    )
    await people.change(ann.id, { roles: ['b', 'a'] }, { person: ann.id, reason: 'new work' })
    const heard = { source: 'corp', subject: 'the-subject', name: 'The Stranger' }
    await people.heard({ ...heard, roles: ['viewer'] })
    await people.heard({ ...heard, roles: [] })
    await people.leave(ann.id, { person: ann.id, reason: 'gone' })
    assert.deepEqual(home.audit.types(), [
      'person.created',
      'person.changed',
      'person.created',
      'person.heard',
      'person.left',
    ])
    const told = JSON.stringify(home.audit.recorded)
    assert.doesNotMatch(told, /green-gables|the-subject|stranger/i)
    assert.deepEqual(home.audit.last('person.changed').body['roles'], ['a', 'b'])
  }))
