// Holds the tests of the authorization endpoint: what people see, and what their answers do.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { base64url, sha256 } from '../../std/bytes.ts'
import { systemNamed } from '../../../test/fakes/authority.ts'
import { FakeBrowser } from '../../../test/fakes/browser.ts'
import { ClientHost } from '../../../test/fakes/client-host.ts'
import { CALLBACK, GATEWAY, ISSUER } from '../../../test/fakes/consent.ts'
import { ControlHome, type FakeOperator } from '../../../test/fakes/control.ts'

const VERIFIER = 'v'.repeat(43)

/** A home, a client, and a browser in which ada, an operator, is signed in. */
class World implements AsyncDisposable {
  home!: ControlHome
  host!: ClientHost
  browser!: FakeBrowser

  static async open(as?: (home: ControlHome) => Promise<FakeOperator>): Promise<World> {
    const world = new World()
    world.home = await ControlHome.open()
    world.host = await ClientHost.open()
    const person = as === undefined ? world.home.ada : await as(world.home)
    world.browser = await world.signedIn(person)
    const { systems } = world.home.authority
    await systems.pin(systemNamed('files'), { person: person.id, reason: 'a test' })
    return world
  }

  async signedIn(person: FakeOperator): Promise<FakeBrowser> {
    const browser = new FakeBrowser(this.home)
    await browser.signIn(person.id)
    return browser
  }

  /** Registers the agent of the client. */
  async agent(): Promise<void> {
    const { agents } = this.home.authority
    const seen = { name: 'assistant', purpose: 'assists', client: this.host.id }
    await agents.discover(seen)
    const word = { person: this.home.ada.id, reason: 'a test' }
    await agents.update('assistant', { owner: this.home.ada.id }, word)
    await agents.update('assistant', { state: 'active' }, word)
  }

  path(more: Readonly<Record<string, string>> = {}): string {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: this.host.id,
      redirect_uri: CALLBACK,
      code_challenge: base64url(sha256(VERIFIER)),
      code_challenge_method: 'S256',
      resource: `${GATEWAY}/mcp/files`,
      state: 'xyz',
      ...more,
    })
    return `/oauth/authorize?${query}`
  }

  get(more: Readonly<Record<string, string>> = {}, browser = this.browser): Promise<Response> {
    return browser.ask('GET', this.path(more), { page: true })
  }

  /** The page's own fields. */
  async form(more: Readonly<Record<string, string>> = {}, browser = this.browser) {
    const response = await this.get(more, browser)
    const text = await response.text()
    const field = (name: string) =>
      new RegExp(`name="${name}" value="([^"]+)"`).exec(text)?.[1] ?? ''
    return { response, text, fields: { csrf: field('csrf'), request: field('request') } }
  }

  post(form: Readonly<Record<string, string>>, browser = this.browser): Promise<Response> {
    return browser.ask('POST', '/oauth/authorize', { form, page: true })
  }

  async allow(more: Readonly<Record<string, string>> = {}): Promise<Response> {
    const { fields } = await this.form()
    return this.post({ ...fields, action: 'allow', mode: 'all', life: '3600', ...more })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host[Symbol.asyncDispose]()
    await this.home.close()
  }
}

/** Parameters that a browser is sent on with. */
function sentTo(response: Response): URLSearchParams {
  assert.equal(response.status, 303)
  const location = response.headers.get('location') ?? ''
  assert.ok(location.startsWith(`${CALLBACK}?`), location)
  return new URL(location).searchParams
}

test('the page says who asks, for what, and is held to the form that it has', async () => {
  await using world = await World.open()
  await world.agent()
  const { response, text } = await world.form()
  assert.equal(response.status, 200)
  const { host } = new URL(world.host.id)
  assert.match(text, new RegExp(`<p class="host">${host}</p>`))
  assert.match(text, /its own words, checked by nobody/)
  assert.match(text, /127\.0\.0\.1:33418/)
  assert.match(text, /BAILIWICK_CIMD_LOOPBACK=1/)
  assert.match(text, /files\/\*/)
  const policy = response.headers.get('content-security-policy') ?? ''
  assert.match(policy, /frame-ancestors 'none'/)
  assert.match(policy, /form-action 'self' http:\/\/127\.0\.0\.1:33418/)
  assert.match(policy, /^default-src 'none'; style-src 'self'; /)
  assert.equal(response.headers.get('x-frame-options'), 'DENY')
  assert.equal(response.headers.get('cache-control'), 'no-store')
})

test('allowing sends the browser to the client with a code, the state and the issuer', async () => {
  await using world = await World.open()
  await world.agent()
  const sent = sentTo(await world.allow())
  assert.deepEqual([...sent.keys()].sort(), ['code', 'iss', 'state'])
  assert.equal(sent.get('iss'), ISSUER)
  assert.equal(sent.get('state'), 'xyz')
  const answer = await world.home.consents.redeem({
    client: world.host.id,
    code: sent.get('code')!,
    redirect: CALLBACK,
    verifier: VERIFIER,
    resources: [],
    binding: { kind: 'dpop', value: 'k'.repeat(43) },
    prove: () => assert.fail('a public client'),
    place: 'here',
  })
  assert.ok('token' in answer)
  assert.deepEqual(answer.scope, ['files/*'])
})

test('denying sends access_denied, with the state and the issuer', async () => {
  await using world = await World.open()
  await world.agent()
  const { fields } = await world.form()
  const sent = sentTo(await world.post({ ...fields, action: 'deny' }))
  assert.equal(sent.get('error'), 'access_denied')
  assert.equal(sent.get('iss'), ISSUER)
  assert.equal(sent.get('state'), 'xyz')
})

test('what is ticked is what is granted, and no more than was shown', async () => {
  await using world = await World.open()
  await world.agent()
  const { text, fields } = await world.form()
  assert.match(text, /name="t1"[^>]*checked[^]*read_file/, 'what only reads is ticked')
  assert.doesNotMatch(text.slice(text.indexOf('name="t2"')).slice(0, 60), /checked/)
  const some = { action: 'allow', mode: 'some', life: '3600' }
  const none = await world.post({ ...fields, ...some })
  assert.equal(none.status, 400)
  assert.match(await none.text(), /have to be ticked/)
  const again = await world.form()
  // A tick that was never offered is none.
  const sent = sentTo(await world.post({ ...again.fields, ...some, t1: 'on', t9: 'on' }))
  assert.ok(sent.has('code'))
  const records = world.home.ground
  assert.equal(records.tokens.length, 0)
  const answer = await world.home.consents.redeem({
    client: world.host.id,
    code: sent.get('code')!,
    verifier: VERIFIER,
    resources: [],
    binding: { kind: 'dpop', value: 'k'.repeat(43) },
    prove: () => assert.fail('a public client'),
    place: 'here',
  })
  assert.ok('token' in answer)
  assert.deepEqual(answer.scope, ['files/read_file'])
})

test('RFC 9700 §4.12 a page is answered once, by whom it was shown to, with its own token', async () => {
  await using world = await World.open()
  await world.agent()
  const form = { action: 'allow', mode: 'all', life: '3600' }
  const { fields } = await world.form()
  sentTo(await world.post({ ...fields, ...form }))
  assert.equal((await world.post({ ...fields, ...form })).status, 410)
  const other = await world.signedIn(await world.home.person('bob', ['viewer']))
  const theirs = await world.form({}, other)
  const mine = await world.form()
  assert.equal(
    (await world.post({ ...form, csrf: mine.fields.csrf, request: theirs.fields.request })).status,
    410,
  )
  assert.equal(
    (await world.post({ ...form, ...mine.fields, csrf: theirs.fields.csrf })).status,
    403,
  )
  assert.equal((await world.post({ ...form, request: mine.fields.request })).status, 400)
})

test('nobody who is not signed in sees anything, and the client is not even looked at', async () => {
  await using world = await World.open()
  await world.agent()
  const nobody = new FakeBrowser(world.home)
  const response = await nobody.ask('GET', world.path(), { page: true })
  assert.equal(response.status, 303)
  const location = response.headers.get('location') ?? ''
  assert.ok(location.startsWith('/login?return_to=%2Foauth%2Fauthorize%3F'), location)
  assert.equal(world.host.asked, 0)
})

test('prompt=none is answered with login_required or consent_required, and with nothing else', async () => {
  await using world = await World.open()
  const nobody = new FakeBrowser(world.home)
  const unknown = await nobody.ask('GET', world.path({ prompt: 'none' }), { page: true })
  assert.equal(unknown.status, 400)
  assert.equal(world.host.asked, 0)
  await world.agent()
  const silent = await nobody.ask('GET', world.path({ prompt: 'none' }), { page: true })
  assert.equal(sentTo(silent).get('error'), 'login_required')
  assert.equal(sentTo(await world.get({ prompt: 'none' })).get('error'), 'consent_required')
})

test('RFC 6749 §4.1.2.1 an error is the client’s where an operator stands for it, else a page', async () => {
  await using world = await World.open()
  const bad = { code_challenge_method: 'plain' }
  const page = await world.get(bad)
  assert.equal(page.status, 400)
  assert.equal(page.headers.get('location'), null)
  await world.agent()
  const sent = sentTo(await world.get(bad))
  assert.equal(sent.get('error'), 'invalid_request')
  assert.equal(sent.get('iss'), ISSUER)
  const wrong = await world.get({ redirect_uri: 'https://evil.example/cb' })
  assert.equal(wrong.status, 400)
  assert.equal(wrong.headers.get('location'), null)
  assert.match(await wrong.text(), /consent\.redirect/)
})

test('an operator stands for a client here and now, with a reason; nobody else can', async () => {
  await using world = await World.open()
  const { text, fields, response } = await world.form()
  assert.equal(response.status, 403)
  assert.match(text, /Take it over and go on/)
  const without = await world.post({ ...fields, action: 'own', reason: ' ' })
  assert.equal(without.status, 400)
  const early = await world.form()
  const allowed = await world.post({ ...early.fields, action: 'allow', mode: 'all', life: '3600' })
  assert.equal(allowed.status, 409, 'not before its agent is active')
  const again = await world.form()
  const owned = await world.post({ ...again.fields, action: 'own', reason: 'we use it' })
  assert.equal(owned.status, 303)
  assert.equal(owned.headers.get('location'), world.path())
  const [agent] = world.home.consents.agentsOf(world.host.id)
  assert.deepEqual([agent?.state, agent?.owner, agent?.roles], ['active', world.home.ada.id, []])
  assert.equal((await world.form()).response.status, 200)
})

test('who is no operator can ask for a client, and no more', async () => {
  await using world = await World.open((home) => home.person('bob', ['viewer']))
  const { text, fields } = await world.form()
  assert.doesNotMatch(text, /Take it over/)
  assert.equal((await world.post({ ...fields, action: 'own', reason: 'x' })).status, 409)
  assert.deepEqual(world.home.consents.agentsOf(world.host.id), [])
  const again = await world.form()
  await world.post({ ...again.fields, action: 'discover' })
  const [agent] = world.home.consents.agentsOf(world.host.id)
  assert.equal(agent?.state, 'discovered')
  const third = await world.form()
  assert.match(third.text, /discovered/)
  assert.equal(third.fields.request, '', 'there is nothing left to send')
})

test('a suspended agent is not brought back in passing', async () => {
  await using world = await World.open()
  await world.agent()
  const word = { person: world.home.ada.id, reason: 'stop' }
  await world.home.authority.agents.update('assistant', { state: 'suspended' }, word)
  const { text, fields } = await world.form()
  assert.match(text, /suspended/)
  await world.post({ ...fields, action: 'own', reason: 'x' })
  assert.equal(world.home.authority.agents.get('assistant')?.state, 'suspended')
})

test('a person sees and ends their own consents, an operator everybody’s', async () => {
  await using world = await World.open()
  await world.agent()
  const sent = sentTo(await world.allow())
  await world.home.consents.redeem({
    client: world.host.id,
    code: sent.get('code')!,
    verifier: VERIFIER,
    resources: [],
    binding: { kind: 'dpop', value: 'k'.repeat(43) },
    prove: () => assert.fail('a public client'),
    place: 'here',
  })
  const bob = await world.home.person('bob', ['viewer'])
  const mine = (await world.home.read('GET', '/v1/consents')) as { consents: { id: string }[] }
  const id = mine.consents[0]!.id
  assert.deepEqual(await world.home.read('GET', '/v1/consents', { as: bob }), { consents: [] })
  const body = { reason: 'no longer used' }
  const path = `/v1/consents/${id}/revoke`
  await world.home.read('POST', path, { as: bob, body }, 403)
  await world.home.read('POST', path, { body })
  assert.deepEqual(await world.home.read('GET', '/v1/consents'), { consents: [] })
  await world.home.read('POST', path, { body }, 404)
})
