// Holds the tests of what a lock takes back at systems (RFC 7009), and what it says of what it could not.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CredentialWorld } from '../../../test/fakes/credential-world.ts'
import { faultOf } from '../../../test/fakes/authority.ts'
import { FakeTimer } from '../../../test/fakes/identity.ts'
import { grants } from '../../../test/fakes/token-server.ts'
import { rfc3339 } from '../../std/clock.ts'
import type { LockTarget } from '../../store/rows/lock.ts'
import type { LockUpstream } from '../../wire/lock-receipt.ts'

const HOUR = 3_600_000

/** Systems `crm` and `wiki`, called as their users, and `bank`, with a token of ours; ada and bob have consented to both of the first. */
async function scene(
  run: (at: Scene) => Promise<void>,
  more: { readonly timer?: FakeTimer; readonly mute?: boolean } = {},
): Promise<void> {
  await using world = await CredentialWorld.open(undefined, more.timer)
  const at = new Scene(world)
  for (const name of ['ada', 'bob'] as const) {
    at.people[name] = (await world.authority.people.create({ name, roles: ['operator'] })).id
  }
  const { url } = world.endpoint
  for (const name of ['crm', 'wiki'] as const) {
    await world.system(name, {
      kind: 'user',
      authorizationUrl: 'https://login.example/authorize',
      tokenUrl: `${url}/token`,
      // The wiki takes nothing back.
      ...(name === 'crm' && { revocationUrl: `${url}/revoke` }),
      clientId: 'us',
      secret: 'CLIENT',
    })
    await world.secret(name, 'CLIENT', 'client secret')
    for (const who of ['ada', 'bob'] as const) await at.consent(name, who)
  }
  await world.system('bank', {
    kind: 'client_credentials',
    tokenUrl: `${url}/token`,
    revocationUrl: `${url}/revoke`,
    clientId: 'us',
    secret: 'BANK',
  })
  await world.secret('bank', 'BANK', 'bank secret')
  at.grant('bank-token')
  await at.equip('bank')
  at.grant('anew')
  await run(at)
}

class Scene {
  readonly world: CredentialWorld
  readonly people: Record<'ada' | 'bob', string> = { ada: '', bob: '' }
  /** Status of answers about revocation; undefined: none is given. */
  status: number | undefined = 200

  constructor(world: CredentialWorld) {
    this.world = world
  }

  async consent(system: string, who: 'ada' | 'bob'): Promise<void> {
    const of = { system, person: this.people[who], session: 'a session' }
    const { consents } = this.world.credentials
    const state = new URL(consents.begin(of)).searchParams.get('state')!
    this.grant(`${system}-${who}`, { refresh_token: `refresh-${system}-${who}` })
    await consents.finish(of, new URLSearchParams({ code: 'c0de', state }))
  }

  /** What the token endpoint grants from now on. */
  grant(access: string, more: Readonly<Record<string, unknown>> = {}): void {
    this.world.endpoint.script = (asked, response) => {
      if (asked.path !== '/revoke') {
        return grants({ access_token: access, expires_in: 3600, ...more })(asked, response)
      }
      if (this.status !== undefined) response.writeHead(this.status).end()
    }
  }

  async equip(system: string, who?: 'ada' | 'bob'): Promise<string | undefined> {
    const found = this.world.authority.systems.find(system).definition
    const of = who === undefined ? {} : { person: this.people[who] }
    return (await this.world.equip(found, of)).headers['authorization']
  }

  async lock(target: LockTarget): Promise<readonly LockUpstream[]> {
    const { locks } = this.world.authority
    const word = { person: this.people.bob, reason: 'it leaked' }
    return this.world.credentials.revokeAtLock(await locks.add({ target, ...word }))
  }

  /** Tokens that were given back, in the order of their texts. */
  get revoked(): readonly string[] {
    return this.world.endpoint.asked
      .filter(({ path }) => path === '/revoke')
      .map(({ form }) => form.get('token') ?? '')
      .sort()
  }
}

test('INV-5 a lock on a person takes their access tokens back, and what cannot be is listed with its end', () =>
  scene(async (at) => {
    const { ada } = at.people
    const until = rfc3339(at.world.home.clock.now() + HOUR)
    assert.deepEqual(await at.lock({ kind: 'person', name: ada }), [
      { system: 'crm', credential: `user:${ada}`, outcome: 'revoked', until: null },
      { system: 'wiki', credential: `user:${ada}`, outcome: 'unsupported', until },
    ])
    assert.deepEqual(at.revoked, ['crm-ada'])
    const record = at.world.home.audit.last('credential.access_revoked')
    assert.deepEqual([record.system, record.body['of']], ['crm', ada])
    // Once it is lifted the consent holds: what was taken back is not used, and the refresh token gives another.
    assert.equal(await at.equip('crm', 'ada'), 'Bearer anew')
    assert.equal(await at.equip('wiki', 'ada'), 'Bearer wiki-ada')
    assert.equal(await at.equip('crm', 'bob'), 'Bearer crm-bob')
  }))

test('INV-5 a lock on a consent ends it, here and at its system, refresh token and all', () =>
  scene(async (at) => {
    const { ada } = at.people
    const target = { kind: 'credential', name: 'crm/user:ada' } as const
    const found = await at.lock(target)
    assert.deepEqual(
      found.map(({ outcome }) => outcome),
      ['revoked'],
    )
    assert.deepEqual(at.revoked, ['crm-ada', 'refresh-crm-ada'])
    await assert.rejects(at.equip('crm', 'ada'), faultOf('credential.consent_needed'))
    assert.equal(await at.equip('crm', 'bob'), 'Bearer crm-bob')
    const { locks } = at.world.authority
    assert.equal(
      locks.on({ kind: 'credential', name: `crm/user:${ada}` })?.target.kind,
      'credential',
    )
    await assert.rejects(
      at.lock({ kind: 'credential', name: 'bank/user:ada' }),
      faultOf('lock.target'),
    )
  }))

test('a lock on a system takes back what was minted for it as well; one on a value says that only its maker can', () =>
  scene(async (at) => {
    const all = await at.lock({ kind: 'system', name: 'bank' })
    assert.deepEqual(all, [
      { system: 'bank', credential: 'token', outcome: 'revoked', until: null },
    ])
    assert.equal(await at.equip('bank'), 'Bearer anew', 'what was taken back is used no more')
    const value = await at.lock({ kind: 'credential', name: 'bank/BANK' })
    assert.deepEqual(
      value.map(({ credential, outcome }) => [credential, outcome]),
      [
        ['BANK', 'unsupported'],
        ['token', 'revoked'],
      ],
    )
    assert.deepEqual(at.revoked, ['anew', 'bank-token'])
    assert.deepEqual(await at.lock({ kind: 'system', name: 'bank' }), [])
  }))

test('a lock on everything reaches all; one on an agent or an action takes nothing back', () =>
  scene(async (at) => {
    assert.deepEqual(await at.lock({ kind: 'action', name: 'crm/read_file' }), [])
    const all = await at.lock({ kind: 'everything', name: '' })
    assert.equal(all.length, 5)
    assert.deepEqual(at.revoked, ['bank-token', 'crm-ada', 'crm-bob'])
  }))

test('a system that refuses, or does not answer in time, is said to: the token is valid until its end', async () => {
  await scene(async (at) => {
    at.status = 503
    const [crm] = await at.lock({ kind: 'person', name: at.people.ada })
    assert.deepEqual(crm?.outcome, 'refused')
    assert.equal(crm?.until, rfc3339(at.world.home.clock.now() + HOUR))
    assert.equal(await at.equip('crm', 'ada'), 'Bearer crm-ada', 'it is what it was')
  })
  const timer = new FakeTimer()
  await scene(
    async (at) => {
      at.status = undefined
      const locked = at.lock({ kind: 'person', name: at.people.ada })
      while (!at.world.endpoint.asked.some(({ path }) => path === '/revoke')) {
        await new Promise((resolve) => setImmediate(resolve))
      }
      // All that waits: the lock's patience, and the request's own.
      timer.fire()
      const [crm] = await locked
      assert.ok(crm?.outcome === 'unanswered' || crm?.outcome === 'refused')
      assert.notEqual(crm.until, null)
    },
    { timer },
  )
})
