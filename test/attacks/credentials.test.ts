// Holds attacks on credentials: another user's token, rows moved and put back, token endpoints that lie, consents of somebody else.

import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { test } from 'node:test'
import { CallControl, CallEnd } from '../../src/gateway/call.ts'
import { Fault } from '../../src/std/fault.ts'
import type { UpstreamAuth } from '../../src/wire/upstream-auth.ts'
import { faultOf } from '../fakes/authority.ts'
import { CredentialWorld } from '../fakes/credential-world.ts'
import { FakeTimer } from '../fakes/identity.ts'
import { grants, TokenServer, type TokenScript } from '../fakes/token-server.ts'

const LASTING = { access_token: 'at-1', expires_in: 3600 }

function personal(endpoint: TokenServer, more: Partial<UpstreamAuth & { kind: 'user' }> = {}) {
  return {
    kind: 'user',
    authorizationUrl: 'https://login.example/authorize',
    tokenUrl: `${endpoint.url}/token`,
    revocationUrl: `${endpoint.url}/revoke`,
    clientId: 'us',
    secret: 'CLIENT',
    ...more,
  } as const
}

/** Lets a person consent, as their browser would. */
async function consent(
  world: CredentialWorld,
  person: string,
  token: Readonly<Record<string, unknown>>,
  system = 'crm',
): Promise<void> {
  const of = { system, person, session: `session of ${person}` }
  const asked = new URL(world.credentials.consents.begin(of))
  const state = asked.searchParams.get('state')!
  world.endpoint.script = grants(token)
  await world.credentials.consents.finish(of, new URLSearchParams({ code: 'c0de', state }))
}

/** Everything that an error shows to whoever prints it. */
function printed(error: unknown): string {
  return inspect(error, { depth: 10, showHidden: true })
}

test("INV-3 INV-4 a call of one user never goes out with another user's token", async () => {
  await using world = await CredentialWorld.open()
  const system = await world.system('crm', personal(world.endpoint))
  await world.secret('crm', 'CLIENT', 'client secret')
  await consent(world, 'per_ada', { ...LASTING, access_token: 'of ada' })
  const ada = await world.equip(system, { person: 'per_ada' })
  assert.equal(ada.headers['authorization'], 'Bearer of ada')
  const refused = (error: unknown) =>
    faultOf(
      'credential.consent_needed',
      /http:\/\/bailiwick\.localhost:7400\/connect\/crm$/,
    )(error) && !printed(error).includes('of ada')
  await assert.rejects(world.equip(system, { person: 'per_bob' }), refused)
  await assert.rejects(world.equip(system), faultOf('credential.no_user'))
  await consent(world, 'per_bob', { ...LASTING, access_token: 'of bob' })
  const bob = await world.equip(system, { person: 'per_bob' })
  assert.equal(bob.headers['authorization'], 'Bearer of bob')
  // Conversations with the system are kept apart by the account.
  assert.notEqual(ada.account, bob.account)
})

test('INV-3 a consent is for the system as it was: pinned at another address, or endpoint, it is asked for anew', async () => {
  await using world = await CredentialWorld.open()
  await world.secret('crm', 'CLIENT', 'client secret')
  await world.system('crm', personal(world.endpoint))
  await consent(world, 'per_ada', LASTING)
  const needed = faultOf('credential.consent_needed')
  const moved = await world.system('crm', personal(world.endpoint), 'https://evil.example')
  await assert.rejects(world.equip(moved, { person: 'per_ada' }), needed)
  const other = await world.system('crm', personal(world.endpoint, { clientId: 'them' }))
  await assert.rejects(world.equip(other, { person: 'per_ada' }), needed)
  const same = await world.system('crm', personal(world.endpoint))
  await world.equip(same, { person: 'per_ada' })
})

test('INV-13 sealed tokens of one person, written into the row of another by hand, open for nobody', async () => {
  await using world = await CredentialWorld.open()
  await world.system('crm', personal(world.endpoint))
  await world.secret('crm', 'CLIENT', 'client secret')
  await consent(world, 'per_ada', { ...LASTING, access_token: 'of ada' })
  await consent(world, 'per_bob', { ...LASTING, access_token: 'of bob' })
  // With the key that signs rows, even: the seal is bound to the person all the same.
  const { store, audit } = world.home
  const [ada, bob] = await store.upstreamTokens.all()
  const receipt = await audit.append({ type: 'x', phase: 'admin', body: {} })
  await store.upstreamTokens.replace(bob!, { ...bob!.doc, sealed: ada!.doc.sealed }, receipt)
  const again = await world.home.reopen()
  assert.throws(
    () => again.upstreamTokens.find('crm', 'per_bob', bob!.doc.terms),
    faultOf('keys.unsealable'),
  )
  assert.equal(again.upstreamTokens.find('crm', 'per_ada', ada!.doc.terms)?.access, 'of ada')
})

test('INV-13 an earlier value of a secret that is put back by hand is no value: everything is locked', async () => {
  await using world = await CredentialWorld.open()
  const { home } = world
  await world.secret('crm', 'KEY', 'the one that leaked')
  const [old] = await home.store.secrets.all()
  await world.secret('crm', 'KEY', 'the new one')
  const doc = JSON.stringify(old!.doc)
  assert.ok(!doc.includes("'"))
  await home.editByHand(
    `update secrets set doc = '${doc}', sig = '${old!.sig}', leaf = '${old!.leaf}' where id = 'crm/KEY'`,
  )
  const again = await home.open()
  assert.ok(again.locks.list().some(({ target }) => target.kind === 'everything'))
})

test('INV-13 a consent that was taken back and put back by hand is none', async () => {
  await using world = await CredentialWorld.open()
  const { home } = world
  await world.system('crm', personal(world.endpoint))
  await world.secret('crm', 'CLIENT', 'client secret')
  await consent(world, 'per_ada', LASTING)
  const [old] = await home.store.upstreamTokens.all()
  const by = { person: 'per_ada', reason: 'no more' }
  await world.credentials.consents.disconnect({ system: 'crm', person: 'per_ada' }, by)
  const doc = JSON.stringify(old!.doc)
  await home.editByHand(
    `update upstream_tokens set doc = '${doc}', sig = '${old!.sig}', leaf = '${old!.leaf}'`,
  )
  const again = await home.open()
  assert.ok(again.locks.list().some(({ target }) => target.kind === 'everything'))
})

const LIES: readonly (readonly [what: string, script: TokenScript, code: string])[] = [
  [
    'redirects to where machines are told their credentials',
    (_, response) =>
      void response.writeHead(307, { location: 'http://169.254.169.254/latest/' }).end(),
    'credential.token_answer',
  ],
  [
    'answers without end',
    (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"access_token":"')
      const more = (): void => {
        while (!response.destroyed && response.write('A'.repeat(65_536))) continue
        response.once('drain', more)
      }
      more()
    },
    'net.too_large',
  ],
  [
    'gives a token that is bound to a key we have not',
    grants({ ...LASTING, token_type: 'DPoP' }),
    'credential.token_answer',
  ],
  [
    'gives a token with a line break',
    grants({ ...LASTING, access_token: 'a\r\nHost: b' }),
    'credential.token_answer',
  ],
  [
    'gives a token that never ends',
    grants({ ...LASTING, expires_in: 1e30 }),
    'credential.token_answer',
  ],
  ['gives no token', grants({ access_token: undefined }), 'credential.token_answer'],
  [
    'answers a page',
    (_, response) =>
      void response
        .writeHead(200, { 'content-type': 'text/html' })
        .end(JSON.stringify({ ...LASTING, token_type: 'Bearer' })),
    'credential.token_answer',
  ],
  [
    'says a member twice',
    (_, response) =>
      void response
        .writeHead(200, { 'content-type': 'application/json' })
        .end('{"access_token":"at-1","token_type":"Bearer","access_token":"at-2"}'),
    'credential.token_answer',
  ],
  [
    'echoes what it was sent',
    (asked, response) =>
      void response
        .writeHead(401, { 'content-type': 'application/json' })
        .end(
          JSON.stringify({ error: asked.headers.authorization, error_description: 'hush-hush' }),
        ),
    'credential.token_refused',
  ],
]

for (const [what, script, code] of LIES) {
  test(`INV-3 INV-10 a token endpoint that ${what} gives no token, and nothing of it is in the error`, async () => {
    await using world = await CredentialWorld.open()
    const { endpoint } = world
    const tokenUrl = `${endpoint.url}/token`
    const auth = { kind: 'client_credentials', tokenUrl, clientId: 'us', secret: 'CLIENT' } as const
    const system = await world.system('crm', auth)
    await world.secret('crm', 'CLIENT', 'hush-hush')
    endpoint.script = script
    await assert.rejects(world.equip(system), (error) => {
      assert.ok(error instanceof Fault)
      assert.equal(error.code, code)
      const pair = Buffer.from('us:hush-hush').toString('base64')
      for (const secret of ['hush', pair, 'at-1', 'at-2']) {
        assert.ok(!printed(error).includes(secret), `${secret} in ${printed(error)}`)
      }
      return true
    })
    // Nothing of it is kept, and it was asked once.
    assert.equal(endpoint.asked.length, 1)
    endpoint.script = grants(LASTING)
    assert.equal((await world.equip(system)).headers['authorization'], 'Bearer at-1')
  })
}

test('INV-10 a token endpoint that never answers is given up, and the next call asks anew', async () => {
  const timer = new FakeTimer()
  await using world = await CredentialWorld.open(undefined, timer)
  const { endpoint } = world
  const tokenUrl = `${endpoint.url}/token`
  const system = await world.system('crm', { kind: 'client_credentials', tokenUrl, clientId: 'us' })
  const asked = new Promise<void>((arrived) => (endpoint.script = () => arrived()))
  const call = world.equip(system)
  await asked
  timer.fire()
  await assert.rejects(call, faultOf('net.timeout'))
  endpoint.script = grants(LASTING)
  assert.equal((await world.equip(system)).headers['authorization'], 'Bearer at-1')
})

test('INV-5 a lock while a token is fetched ends the call for the reason of the lock, and nobody else’s', async () => {
  await using world = await CredentialWorld.open()
  const { endpoint } = world
  const tokenUrl = `${endpoint.url}/token`
  const system = await world.system('crm', { kind: 'client_credentials', tokenUrl, clientId: 'us' })
  let release = (): void => undefined
  const asked = new Promise<void>((arrived) => {
    endpoint.script = (of, response) => {
      release = () => grants(LASTING)(of, response)
      arrived()
    }
  })
  const control = new CallControl()
  const locked = world.equip(system, { control })
  const other = world.equip(system)
  await asked
  control.end(new CallEnd('call.cut', 'the agent was locked'))
  await assert.rejects(locked, faultOf('call.cut', /the agent was locked/))
  release()
  assert.equal((await other).headers['authorization'], 'Bearer at-1')
  assert.equal(endpoint.asked.length, 1)
})

test('INV-10 a consent answered in another session, for another system, by another person, or twice is none', async () => {
  await using world = await CredentialWorld.open()
  const { consents } = world.credentials
  for (const name of ['crm', 'erp']) {
    await world.system(name, personal(world.endpoint))
    await world.secret(name, 'CLIENT', `client secret of ${name}`)
  }
  world.endpoint.script = grants(LASTING)
  const mine = { system: 'crm', person: 'per_ada', session: 'one' }
  const failed = faultOf('credential.consent_failed')
  for (const of of [
    { ...mine, session: 'two' },
    { ...mine, person: 'per_eve' },
    { ...mine, system: 'erp' },
  ]) {
    const state = new URL(consents.begin(mine)).searchParams.get('state')!
    // Eve's code, in Ada's browser: her account would be connected to Ada's name.
    await assert.rejects(consents.finish(of, new URLSearchParams({ code: 'eves', state })), failed)
    // What was tried elsewhere is used up, also for who began it.
    await assert.rejects(consents.finish(mine, new URLSearchParams({ code: 'c', state })), failed)
  }
  const state = new URL(consents.begin(mine)).searchParams.get('state')!
  for (const query of [
    `code=c&state=${state}x`,
    `code=c`,
    `code=c&state=${state}&state=${state}`,
  ]) {
    await assert.rejects(consents.finish(mine, new URLSearchParams(query)), failed)
  }
  assert.equal(world.endpoint.asked.length, 0)
  assert.deepEqual(world.authority.upstreamTokens.list(), [])
})

test('INV-10 an answer of another provider than the one that was asked is none (RFC 9207 §2.4)', async () => {
  await using world = await CredentialWorld.open()
  const { consents } = world.credentials
  const failed = faultOf('credential.consent_failed', /another provider/)
  const mine = { system: 'crm', person: 'per_ada', session: 'one' }
  const answer = (iss: readonly string[]): Promise<void> => {
    const state = new URL(consents.begin(mine)).searchParams.get('state')!
    const query = new URLSearchParams({ code: 'c', state })
    for (const one of iss) query.append('iss', one)
    return consents.finish(mine, query)
  }
  await world.secret('crm', 'CLIENT', 'client secret')
  await world.system('crm', personal(world.endpoint))
  await assert.rejects(answer(['https://evil.example']), failed)
  await assert.rejects(answer(['https://login.example', 'https://login.example']), failed)
  await assert.rejects(answer(['']), failed)
  await world.system('crm', personal(world.endpoint, { issuer: 'https://login.example/7' }))
  await assert.rejects(answer(['https://login.example/8']), failed)
  await assert.rejects(answer([]), failed)
  assert.equal(world.endpoint.asked.length, 0)
  world.endpoint.script = grants(LASTING)
  await answer(['https://login.example/7'])
  assert.equal(world.authority.upstreamTokens.list().length, 1)
})

test('a refresh is made once however many wait, and the new refresh token is kept (RFC 6749 §6)', async () => {
  await using world = await CredentialWorld.open()
  const { endpoint, home } = world
  const system = await world.system('crm', personal(endpoint))
  await world.secret('crm', 'CLIENT', 'client secret')
  await consent(world, 'per_ada', { ...LASTING, refresh_token: 'rt-1' })
  endpoint.asked.splice(0)
  home.clock.advance(3_580_000)
  endpoint.script = grants({ access_token: 'at-2', refresh_token: 'rt-2', expires_in: 3600 })
  const many = await Promise.all(
    Array.from({ length: 10 }, () => world.equip(system, { person: 'per_ada' })),
  )
  assert.deepEqual(
    new Set(many.map(({ headers }) => headers['authorization'])),
    new Set(['Bearer at-2']),
  )
  assert.deepEqual(
    endpoint.asked.map(({ form }) => form.get('refresh_token')),
    ['rt-1'],
  )
  home.clock.advance(3_580_000)
  endpoint.script = grants({ access_token: 'at-3', expires_in: 3600 })
  await world.equip(system, { person: 'per_ada' })
  assert.equal(endpoint.asked.at(-1)?.form.get('refresh_token'), 'rt-2')
  // §6: without a new one, the old one goes on.
  home.clock.advance(3_580_000)
  await world.equip(system, { person: 'per_ada' })
  assert.equal(endpoint.asked.at(-1)?.form.get('refresh_token'), 'rt-2')
})

test('INV-5 a person who disconnects while a refresh is under way stays disconnected, and the new token is given back', async () => {
  await using world = await CredentialWorld.open()
  const { endpoint, home } = world
  const system = await world.system('crm', personal(endpoint))
  await world.secret('crm', 'CLIENT', 'client secret')
  await consent(world, 'per_ada', { ...LASTING, refresh_token: 'rt-1' })
  home.clock.advance(3_580_000)
  let release = (): void => undefined
  const asked = new Promise<void>((arrived) => {
    endpoint.script = (of, response) => {
      if (of.path === '/revoke') return void response.writeHead(200).end()
      release = () =>
        grants({ ...LASTING, access_token: 'at-2', refresh_token: 'rt-2' })(of, response)
      arrived()
    }
  })
  const call = world.equip(system, { person: 'per_ada' })
  await asked
  const by = { person: 'per_ada', reason: 'no more' }
  await world.credentials.consents.disconnect({ system: 'crm', person: 'per_ada' }, by)
  release()
  await assert.rejects(call, faultOf('credential.consent_needed'))
  const revoked = endpoint.asked.filter(({ path }) => path === '/revoke')
  assert.ok(revoked.some(({ form }) => form.get('token') === 'rt-2'))
  assert.deepEqual(world.authority.upstreamTokens.list(), [])
})

test('a refresh that the system refuses for good asks the user anew (RFC 6749 §5.2)', async () => {
  await using world = await CredentialWorld.open()
  const { endpoint, home } = world
  const system = await world.system('crm', personal(endpoint))
  await world.secret('crm', 'CLIENT', 'client secret')
  await consent(world, 'per_ada', { ...LASTING, refresh_token: 'rt-1' })
  home.clock.advance(3_580_000)
  endpoint.script = (_, response) =>
    void response
      .writeHead(400, { 'content-type': 'application/json' })
      .end('{"error":"invalid_grant"}')
  await assert.rejects(
    world.equip(system, { person: 'per_ada' }),
    faultOf('credential.consent_needed'),
  )
  assert.deepEqual(world.authority.upstreamTokens.list(), [])
})

test('INV-5 who leaves is disconnected everywhere', async () => {
  await using world = await CredentialWorld.open()
  const { people } = world.authority
  await world.system('crm', personal(world.endpoint))
  await world.secret('crm', 'CLIENT', 'client secret')
  const root = await people.create({ name: 'root', roles: ['administrator'] }, 'per_1')
  const eve = await people.create({ name: 'eve', roles: [] }, 'per_1')
  await consent(world, eve.id, LASTING)
  world.endpoint.script = (_, response) => void response.writeHead(200).end()
  await people.leave(eve.id, { person: root.id, reason: 'left' })
  assert.deepEqual(world.authority.upstreamTokens.list(), [])
})

test('INV-3 tokens, secrets and sealed values stand in no record', async () => {
  await using world = await CredentialWorld.open()
  const system = await world.system('crm', personal(world.endpoint))
  await world.secret('crm', 'CLIENT', 'client secret')
  await consent(world, 'per_ada', { ...LASTING, refresh_token: 'rt-1' })
  await world.equip(system, { person: 'per_ada' })
  await world.authority.usage.sweep({ all: true })
  const text = JSON.stringify(world.home.audit.recorded)
  for (const secret of ['at-1', 'rt-1', 'client secret', 'e1.'])
    assert.ok(!text.includes(secret), secret)
})
