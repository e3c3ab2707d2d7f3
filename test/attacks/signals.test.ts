// Holds the attacks on signals of identity providers: the same event many times and over a restart, tokens made for something else, and people of others.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Signals } from '../../src/authority/signals/signals.ts'
import { Attesting } from '../fakes/attestation.ts'
import { faultOf } from '../fakes/authority.ts'
import { FakeIssuer } from '../fakes/issuer.ts'

const REVOKED = { 'https://schemas.openid.net/secevent/caep/event-type/session-revoked': {} }

let at: Attesting
let idp: FakeIssuer
let evil: FakeIssuer
let grace: string
let mallory: string

before(async () => {
  at = await Attesting.open()
  idp = await FakeIssuer.open(['RS256'])
  evil = await FakeIssuer.open(['RS256'])
  const { trust, people } = at.home.authority
  const groupRoles = { ops: ['operator'] }
  for (const [name, { url: issuer }] of [
    ['staff', idp],
    ['guests', evil],
  ] as const) {
    const of = { issuer, audience: 'bailiwick' }
    await trust.add({ name, kind: 'login', groupRoles, ...of }, at.by)
    await trust.add({ name: `${name}-signals`, kind: 'signals', login: name, ...of }, at.by)
  }
  const heard = (source: string, { url }: FakeIssuer, name: string) =>
    people.heard({ source, subject: `${url} ${name}`, name, roles: ['operator'] })
  grace = (await heard('staff', idp, 'grace')).id
  mallory = (await heard('guests', evil, 'mallory')).id
})

after(async () => {
  await idp[Symbol.asyncDispose]()
  await evil[Symbol.asyncDispose]()
  await at[Symbol.asyncDispose]()
})

/** Signals as a server has them that has just started: it remembers what its rows remember. */
function started(): Signals {
  const { authority, audit, clock, store } = at.home
  return new Signals({ ...authority, audit, clock, store })
}

const named = ({ url: iss }: FakeIssuer, sub: string) => ({ format: 'iss_sub', iss, sub })
const locked = (name: string) => at.home.authority.locks.on({ kind: 'person', name }) !== undefined
const received = async () =>
  (await at.home.audit.tail({ type: 'signal.received', limit: 99 })).length

test('one provider revokes nobody of another, in whatever way it names them', async () => {
  const signals = started()
  const theirs = named(idp, 'grace')
  for (const sub_id of [
    theirs,
    named(evil, 'grace'),
    { format: 'complex', user: theirs },
    { format: 'aliases', identifiers: [theirs, { format: 'opaque', id: grace }] },
    { format: 'opaque', id: grace },
    { format: 'email', email: 'grace@example.com' },
    { format: 'iss_sub', iss: `${evil.url} `, sub: 'grace' },
    { format: 'iss_sub', iss: [idp.url], sub: ['grace'] },
  ]) {
    await signals.receive('guests-signals', await evil.event(at.now, { sub_id, events: REVOKED }))
  }
  // Nor by the other's door.
  const event = await evil.event(at.now, { sub_id: theirs, events: REVOKED })
  await assert.rejects(signals.receive('staff-signals', event), faultOf('signal.key'))
  const forged = await evil.event(at.now, { iss: idp.url, sub_id: theirs, events: REVOKED })
  await assert.rejects(signals.receive('staff-signals', forged), faultOf('signal.key'))
  assert.deepEqual([locked(grace), locked(mallory)], [false, false])
})

test('a token that the provider made for something else is no event', async () => {
  const signals = started()
  const login = await idp.token(at.now, { sub: 'grace', events: REVOKED })
  await assert.rejects(signals.receive('staff-signals', login), faultOf('signal.request'))
  const logout = await idp.event(
    at.now,
    {
      sub: 'grace',
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    },
    { typ: 'logout+jwt' },
  )
  await assert.rejects(signals.receive('staff-signals', logout), faultOf('signal.request'))
  assert.equal(locked(grace), false)
})

test('one event is one lock, however often it comes at once, again after the lock was lifted, or after a restart', async () => {
  const before = await received()
  const token = await idp.event(at.now, { sub_id: named(idp, 'grace'), events: REVOKED })
  const signals = started()
  await Promise.all(Array.from({ length: 20 }, () => signals.receive('staff-signals', token)))
  assert.equal(await received(), before + 1)
  const { locks } = at.home.authority
  const lock = locks.on({ kind: 'person', name: grace })
  assert.notEqual(lock, undefined)
  await locks.remove(lock!.id, at.by)
  await signals.receive('staff-signals', token)
  await started().receive('staff-signals', token)
  assert.equal(await received(), before + 1)
  assert.equal(locked(grace), false, 'what people lifted stays lifted')
})
