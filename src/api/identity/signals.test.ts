// Holds tests of security events over real TLS: what a provider's signal does here, and what nobody else can make it do.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { Agent, request } from 'undici'
import { Attesting } from '../../../test/fakes/attestation.ts'
import { FakeIssuer, type IssuerKey } from '../../../test/fakes/issuer.ts'
import { Signals } from '../../authority/signals/signals.ts'
import { identityListener, type IdentityListener } from './listener.ts'

const OPEN = new Agent({
  connect: { rejectUnauthorized: false, servername: 'bailiwick.localhost' },
})
const CAEP = 'https://schemas.openid.net/secevent/caep/event-type/'
const VERIFY = 'https://schemas.openid.net/secevent/ssf/event-type/verification'

let at: Attesting
let idp: FakeIssuer
let listener: IdentityListener
let url: string
let person: string
const refused: string[] = []

before(async () => {
  at = await Attesting.open()
  idp = await FakeIssuer.open(['RS256'])
  const { authority, audit, clock, identities, roots, store, timer } = at.home
  const { trust } = authority
  const staff = { name: 'staff', kind: 'login', issuer: idp.url, audience: 'bailiwick' } as const
  await trust.add({ ...staff, groupRoles: { ops: ['operator'] } }, at.by)
  const okta = { name: 'okta', kind: 'signals', issuer: idp.url, audience: 'bailiwick' } as const
  await trust.add({ ...okta, login: 'staff' }, at.by)
  person = (await heard('grace')).id
  listener = identityListener({
    identities,
    roots,
    clock,
    timer,
    signals: new Signals({ ...authority, audit, clock, store }),
    onRefused: (kind) => refused.push(kind),
    onFailure: (error) => refused.push(`failure ${String(error)}`),
  })
  listener.server.listen(0, '127.0.0.1')
  await once(listener.server, 'listening')
  url = `https://127.0.0.1:${(listener.server.address() as AddressInfo).port}`
})

after(async () => {
  await OPEN.close()
  await listener.close()
  await idp[Symbol.asyncDispose]()
  await at[Symbol.asyncDispose]()
})

function heard(sub: string) {
  const subject = `${idp.url} ${sub}`
  return at.home.authority.people.heard({
    source: 'staff',
    subject,
    name: sub,
    roles: ['operator'],
  })
}

async function push(token: string, { type = 'application/secevent+jwt', source = 'okta' } = {}) {
  const response = await request(`${url}/ssf/push/${source}`, {
    dispatcher: OPEN,
    method: 'POST',
    headers: { 'content-type': type, accept: 'application/json' },
    body: token,
  })
  const text = await response.body.text()
  const answer = text === '' ? undefined : (JSON.parse(text) as Record<string, string>)
  return { status: response.statusCode, headers: response.headers, answer }
}

const subject = (sub: string) => ({ format: 'iss_sub', iss: idp.url, sub })
const revoked = (sub: string, more = {}) => ({
  sub_id: subject(sub),
  events: { [`${CAEP}session-revoked`]: { reason_admin: { en: 'a secret reason' }, ...more } },
})

/** The error that a token is refused with (RFC 8935 §2.4). */
async function told(
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>> = {},
  key?: IssuerKey,
): Promise<string | undefined> {
  const { status, answer } = await push(await idp.event(at.now, claims, header, key))
  assert.equal(status, 400)
  return answer?.['err']
}

const locked = (name: string) => at.home.authority.locks.on({ kind: 'person', name })
const newest = async () => {
  const [one] = await at.home.audit.tail({ type: 'signal.received', limit: 1 })
  return one?.record
}

test('CAEP 1.0 §3.1 session-revoked locks the person and ends their sessions; RFC 8935 §2.2 it is answered 202, empty, once that is so', async () => {
  const { sessions } = at.home.authority
  await sessions.open({ person, by: 'oidc:staff' })
  assert.equal(sessions.listOf(person).length, 1)
  const token = await idp.event(
    at.now,
    revoked('grace', { initiating_entity: 'policy', event_timestamp: 1e300 }),
  )
  const { status, answer } = await push(token)
  assert.deepEqual([status, answer], [202, undefined])
  assert.match(locked(person)?.reason ?? '', /okta revoked the sessions/)
  assert.equal(sessions.listOf(person).length, 0)
  const record = await newest()
  assert.equal(record?.person, person)
  const { event, effect, by, source, sessions: ended } = record?.body ?? {}
  assert.deepEqual(
    [event, effect, by, source, ended],
    ['session-revoked', 'locked', 'policy', 'okta', 1],
  )
  // What somebody wrote about a person elsewhere is not in our log.
  assert.ok(!JSON.stringify(record).includes('a secret reason'))
})

test('RFC 8935 §2: the same event again is accepted, and does nothing a second time; another one finds the lock', async () => {
  const { locks } = at.home.authority
  const other = (await heard('again')).id
  const token = await idp.event(at.now, revoked('again'))
  assert.equal((await push(token)).status, 202)
  const first = locked(other)
  assert.ok(first !== undefined)
  await locks.remove(first.id, { person: '', reason: 'is tested' })
  assert.equal((await push(token)).status, 202)
  assert.equal(locked(other), undefined)
  const both = await Promise.all(
    [1, 2].map(async () => push(await idp.event(at.now, revoked('again')))),
  )
  assert.deepEqual(
    both.map(({ status }) => status),
    [202, 202],
  )
  assert.equal(locks.list().filter(({ target }) => target.name === other).length, 1)
  assert.equal((await newest())?.body['effect'], 'already_locked')
})

test('CAEP 1.0 §2 who logs out there is not locked here; §3.3 a credential that is taken away ends sessions, a new one nothing', async () => {
  const { id } = await heard('logout')
  const send = async (claims: Readonly<Record<string, unknown>>) => {
    assert.equal((await push(await idp.event(at.now, claims))).status, 202)
    return (await newest())?.body['effect']
  }
  assert.equal(await send(revoked('logout', { initiating_entity: 'user' })), 'sessions_ended')
  const change = (change_type: string) => ({
    sub_id: subject('logout'),
    events: { [`${CAEP}credential-change`]: { credential_type: 'fido2-roaming', change_type } },
  })
  assert.equal(await send(change('revoke')), 'sessions_ended')
  assert.equal(await send(change('create')), 'noted')
  assert.equal(locked(id), undefined)
  assert.equal(
    await send({ sub_id: { format: 'opaque', id: 's' }, events: { [VERIFY]: { state: 'x' } } }),
    'noted',
  )
  assert.equal((await newest())?.body['event'], 'verification')
  assert.equal(await send({ sub_id: subject('logout'), events: { 'https://x/y': {} } }), 'noted')
  assert.equal((await newest())?.body['event'], 'other')
})

test('RFC 9493 §3 and SSF 1.0 §3: the user of a complex subject, an alias and the member of old events are found; who is unknown is acknowledged', async () => {
  const effect = async (subjectOf: (sub: string) => Record<string, unknown>, sub: string) => {
    await heard(sub)
    const events = { [`${CAEP}session-revoked`]: {} }
    assert.equal((await push(await idp.event(at.now, { events, ...subjectOf(sub) }))).status, 202)
    return (await newest())?.body['effect']
  }
  const complex = (sub: string) => ({
    sub_id: { format: 'complex', user: subject(sub), tenant: { format: 'opaque', id: 't' } },
  })
  const aliases = (sub: string) => ({
    sub_id: { format: 'aliases', identifiers: [{ format: 'email', email: 'a@b' }, subject(sub)] },
  })
  const inside = (sub: string) => ({
    events: { [`${CAEP}session-revoked`]: { subject: subject(sub) } },
  })
  assert.equal(await effect(complex, 'complex-1'), 'locked')
  const bare = (sub: string) => ({
    events: { [`${CAEP}session-revoked`]: { subject: { user: subject(sub) } } },
  })
  assert.equal(await effect(bare, 'bare-1'), 'locked')
  assert.equal(await effect(aliases, 'alias-1'), 'locked')
  assert.equal(await effect(inside, 'inside-1'), 'locked')
  for (const sub_id of [
    subject('nobody'),
    { format: 'email', email: 'grace@example.com' },
    // A transmitter speaks of its own people: not of somebody of another issuer.
    { format: 'iss_sub', iss: 'https://other.example', sub: 'grace' },
    { format: 'complex', user: { format: 'complex', user: subject('grace') } },
    { format: 'iss_sub', iss: idp.url },
    'grace',
    undefined,
  ]) {
    assert.equal(await effect(() => ({ sub_id }), 'unused'), 'unknown_subject')
  }
})

test('RFC 8935 §2.4, RFC 8417 §2 and SSF 1.0, the profile of tokens: what is no event of this source, for us, of now, is refused with its error', async () => {
  const before = at.home.authority.locks.list().length
  const claims = revoked('grace')
  assert.equal(await told({ ...claims, aud: 'somebody-else' }), 'invalid_audience')
  assert.equal(await told({ ...claims, aud: undefined }), 'invalid_audience')
  assert.equal(await told({ ...claims, iss: 'https://other.example' }), 'invalid_issuer')
  for (const typ of ['JWT', 'at+jwt', undefined])
    assert.equal(await told(claims, { typ }), 'invalid_request')
  for (const wrong of [
    { exp: Math.floor(at.now / 1000) + 60 },
    { sub: 'grace' },
    { jti: undefined },
    { jti: 'x'.repeat(257) },
    { iat: undefined },
    { iat: Math.floor(at.now / 1000) + 600 },
    { iat: Math.floor(at.now / 1000) - 8 * 86_400 },
    { events: undefined },
    { events: {} },
    { events: { a: {}, b: {} } },
    { events: { a: 'text' } },
  ]) {
    assert.equal(await told({ ...claims, ...wrong }), 'invalid_request', JSON.stringify(wrong))
  }
  const stranger = await FakeIssuer.open(['RS256'])
  const [key] = stranger.keys
  assert.ok(key !== undefined)
  assert.equal(await told(claims, {}, { ...key, kid: 'unheard-of' }), 'invalid_key')
  assert.equal(await told(claims, {}, { ...key, kid: idp.keys[0]!.kid }), 'invalid_key')
  await stranger[Symbol.asyncDispose]()
  const good = await idp.event(at.now, claims)
  assert.equal((await push(good, { type: 'application/jwt' })).answer?.['err'], 'invalid_request')
  assert.equal((await push(good, { source: 'staff' })).answer?.['err'], 'invalid_issuer')
  assert.equal((await push(good, { source: 'nobody' })).answer?.['err'], 'invalid_issuer')
  const [head = '', , signature = ''] = good.split('.')
  const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'secevent+jwt' })).toString(
    'base64url',
  )
  for (const body of [
    '',
    'x',
    'a.b.c',
    `${none}.${good.split('.')[1]}.`,
    `${head}.e30.${signature}`,
  ]) {
    const { status } = await push(body)
    assert.equal(status, 400, body)
  }
  assert.equal((await push('x'.repeat(70_000))).status, 413)
  assert.equal(at.home.authority.locks.list().length, before)
  assert.ok(refused.includes('signal.audience') && refused.includes('signal.key'))
  assert.ok(!refused.some((kind) => kind.startsWith('failure')), refused.join())
})

test('a source that is trusted no more is heard no more, and one that cannot be asked for keys is asked to try again', async () => {
  const { trust } = at.home.authority
  const gone = {
    name: 'gone',
    kind: 'signals',
    issuer: `${idp.url}/tenant`,
    audience: 'bailiwick',
  } as const
  await trust.add({ ...gone, login: 'staff' }, at.by)
  await heard('late')
  const claims = { ...revoked('late'), iss: `${idp.url}/tenant` }
  idp.up = false
  assert.equal((await push(await idp.event(at.now, claims), { source: 'gone' })).status, 503)
  idp.up = true
  at.home.clock.advance(5_000)
  const token = await idp.event(at.now, claims)
  await trust.remove('gone', at.by)
  assert.equal((await push(token, { source: 'gone' })).answer?.['err'], 'invalid_issuer')
  await assert.rejects(trust.add({ ...gone, name: 'other', login: 'okta' }, at.by), {
    code: 'trust.login',
  })
})
