// Holds attacks on consent: what a hostile client, page, person or thief tries at the authorization and the token endpoint.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { base64url, sha256 } from '../../src/std/bytes.ts'
import { FakeBrowser, type Asks } from '../fakes/browser.ts'
import { ClientHost } from '../fakes/client-host.ts'
import { systemNamed } from '../fakes/authority.ts'
import { CALLBACK, GATEWAY } from '../fakes/consent.ts'
import { ControlHome } from '../fakes/control.ts'

const VERIFIER = 'v'.repeat(43)
const ALLOW = { action: 'allow', mode: 'all', life: '3600' }

/** A home, a client with an active agent, and ada's browser. */
class Target implements AsyncDisposable {
  home!: ControlHome
  host!: ClientHost
  browser!: FakeBrowser

  static async open(): Promise<Target> {
    const target = new Target()
    target.home = await ControlHome.open()
    target.host = await ClientHost.open()
    target.browser = new FakeBrowser(target.home)
    await target.browser.signIn(target.home.ada.id)
    const { agents, systems } = target.home.authority
    const person = target.home.ada.id
    await systems.pin(systemNamed('files'), { person, reason: 'a test' })
    const words = { name: 'assistant', owner: person, purpose: 'assists', roles: [] }
    await agents.register({ ...words, unattended: false, clients: [target.host.id] }, { person })
    return target
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

  get(more: Readonly<Record<string, string>> = {}, asks: Asks = {}): Promise<Response> {
    return this.browser.ask('GET', this.path(more), { page: true, ...asks })
  }

  async fields(more: Readonly<Record<string, string>> = {}) {
    const text = await (await this.get(more)).text()
    const field = (name: string) =>
      new RegExp(`name="${name}" value="([^"]+)"`).exec(text)?.[1] ?? ''
    return { csrf: field('csrf'), request: field('request') }
  }

  post(form: Readonly<Record<string, string>>, asks: Asks = {}): Promise<Response> {
    return this.browser.ask('POST', '/oauth/authorize', { form, page: true, ...asks })
  }

  async code(): Promise<string> {
    const response = await this.post({ ...(await this.fields()), ...ALLOW })
    return new URL(response.headers.get('location') ?? '').searchParams.get('code')!
  }

  redeem(code: string, more: object = {}) {
    return this.home.consents.redeem({
      client: this.host.id,
      code,
      redirect: CALLBACK,
      verifier: VERIFIER,
      resources: [],
      binding: { kind: 'dpop', value: 'k'.repeat(43) },
      prove: () => assert.fail('a public client'),
      place: 'here',
      ...more,
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host[Symbol.asyncDispose]()
    await this.home.close()
  }
}

test('INV-10 no redirect URI that was not published is ever sent to, whatever it looks like', async () => {
  await using target = await Target.open()
  target.host.document = {
    redirect_uris: ['https://client.example/cb', 'http://127.0.0.1/callback'],
  }
  for (const redirect_uri of [
    'https://evil.example/cb',
    'https://client.example.evil.example/cb',
    'https://client.example@evil.example/cb',
    'https://client.example/cb/../../evil',
    'https://client.example/cb?next=https://evil.example',
    'https://client.example/cb#@evil.example',
    'https://client.example\\@evil.example/cb',
    'https://client.example%00.evil.example/cb',
    'http://127.0.0.1:1@evil.example/callback',
    'http://localhost:33418/callback',
    '//evil.example/cb',
    '/relative',
    'javascript:alert(document.domain)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'com.example.app:/cb',
    'https://client.example/cb\r\nlocation: https://evil.example',
  ]) {
    const response = await target.get({ redirect_uri })
    assert.equal(response.status, 400, redirect_uri)
    assert.equal(response.headers.get('location'), null)
    const text = await response.text()
    assert.doesNotMatch(text, /<script>|href="javascript|evil\.example/, redirect_uri)
  }
})

test('INV-10 PKCE cannot be left out, weakened, swapped or guessed', async () => {
  await using target = await Target.open()
  for (const more of [
    { code_challenge: '' },
    { code_challenge_method: '' },
    { code_challenge_method: 'plain' },
    { code_challenge_method: 'S256 plain' },
    { code_challenge: VERIFIER.slice(1) },
  ]) {
    const location = (await target.get(more)).headers.get('location') ?? ''
    assert.equal(new URL(location).searchParams.get('error'), 'invalid_request')
    assert.equal(new URL(location).searchParams.has('code'), false)
  }
  // The challenge itself is no verifier, and a code stands for the challenge that it was asked for with.
  for (const verifier of [base64url(sha256(VERIFIER)), '', 'w'.repeat(43), undefined]) {
    assert.ok('error' in (await target.redeem(await target.code(), { verifier })))
  }
  assert.equal(target.home.ground.tokens.length, 0)
})

test('INV-4 a code that leaks is worth nothing to another client, another key or a second time', async () => {
  await using target = await Target.open()
  await using thief = await ClientHost.open()
  assert.ok('error' in (await target.redeem(await target.code(), { client: thief.id })))
  const code = await target.code()
  assert.ok('token' in (await target.redeem(code)))
  assert.ok('error' in (await target.redeem(code, { client: thief.id })))
  assert.deepEqual(target.home.consents.list(), [], 'and what the first got is gone as well')
})

test('mix-up: the issuer stands in every answer, errors among them, and once', async () => {
  await using target = await Target.open()
  const issuers = async (response: Promise<Response>) =>
    new URL((await response).headers.get('location') ?? '').searchParams.getAll('iss')
  const ours = [target.home.consents.issuer]
  assert.deepEqual(await issuers(target.post({ ...(await target.fields()), ...ALLOW })), ours)
  assert.deepEqual(await issuers(target.post({ ...(await target.fields()), action: 'deny' })), ours)
  assert.deepEqual(await issuers(target.get({ response_type: 'token' })), ours)
  assert.deepEqual(await issuers(target.get({ prompt: 'none', iss: 'https://evil.example' })), ours)
})

test('CSRF: no other page can answer for a person, whatever it knows', async () => {
  await using target = await Target.open()
  for (const asks of [
    { origin: 'https://evil.example', site: 'cross-site' },
    { origin: 'http://bailiwick.localhost:9999', site: 'same-site' },
    { origin: 'null', site: 'cross-site' },
    { origin: null, site: null },
    { origin: null, site: 'none' },
    { site: 'same-site' },
  ] satisfies Asks[]) {
    const response = await target.post({ ...(await target.fields()), ...ALLOW }, asks)
    assert.equal(response.status, 403, JSON.stringify(asks))
    assert.equal(response.headers.get('location'), null)
  }
  const fields = await target.fields()
  for (const form of [
    { ...ALLOW, request: fields.request, csrf: 'c'.repeat(43) },
    { ...ALLOW, request: fields.request, csrf: '' },
    { ...ALLOW, request: 'r'.repeat(43), csrf: fields.csrf },
  ]) {
    assert.notEqual((await target.post(form)).status, 303)
  }
  const get = await target.browser.ask('GET', `${target.path()}&action=allow&mode=all&life=3600`, {
    page: true,
  })
  assert.equal(get.status, 200, 'asking is not answering')
})

test('clickjacking: no page frames it, by either header', async () => {
  await using target = await Target.open()
  for (const response of [await target.get(), await target.get({ redirect_uri: 'x' })]) {
    assert.match(response.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/)
    assert.equal(response.headers.get('x-frame-options'), 'DENY')
  }
})

test('a name that plays tricks is shown as what it is, and its markup as text', async () => {
  await using target = await Target.open()
  for (const [client_name, shown] of [
    ['\u202egnp.exe\u202c evil', '\\u{202e}gnp.exe\\u{202c} evil'],
    ['Bailiwick\u200b', 'Bailiwick\\u{200b}'],
    ['a\nb\u0000c', 'a\\u{a}b\\u{0}c'],
    ['</bdi><script>alert(1)</script>', '&lt;/bdi&gt;&lt;script&gt;alert(1)&lt;/script&gt;'],
    ['"><img src=x onerror=alert(1)>', '&quot;&gt;&lt;img src=x onerror=alert(1)&gt;'],
  ] as const) {
    target.host.document = { client_name, logo_uri: 'https://evil.example/logo.png' }
    const text = await (await target.get()).text()
    assert.ok(text.includes(shown), shown)
    assert.doesNotMatch(text, /<script>|<img|logo\.png/)
    assert.match(text, /its own words, checked by nobody/)
  }
})

test('a state with line ends and parameters stays one value of one parameter', async () => {
  await using target = await Target.open()
  const state = '\r\nset-cookie: a=b\r\n\r\n<script>&code=stolen&iss=https://evil.example#'
  const response = await target.post({ ...(await target.fields({ state })), ...ALLOW })
  const { searchParams, hash } = new URL(response.headers.get('location') ?? '')
  assert.equal(searchParams.get('state'), state)
  assert.equal(searchParams.getAll('code').length, 1)
  assert.equal(hash, '')
  assert.equal(response.headers.getSetCookie().length, 0)
})

test('INV-4 nobody can be granted more than was shown, by forged fields or by a document that changes', async () => {
  await using target = await Target.open()
  const asked = { scope: 'files/read_file' }
  const fields = await target.fields(asked)
  const forged = { ...fields, ...ALLOW, mode: 'some', t0: 'on', t1: 'on', t2: 'on', scope: '*' }
  const response = await target.post(forged)
  const code = new URL(response.headers.get('location') ?? '').searchParams.get('code')!
  const answer = await target.redeem(code)
  assert.ok('token' in answer)
  assert.deepEqual(answer.scope, ['files/read_file'])
  // Shown for one address, the document then names another: the answer goes where the person was told.
  const shown = await target.fields()
  target.host.document = { redirect_uris: ['https://evil.example/cb'] }
  const sent = (await target.post({ ...shown, ...ALLOW })).headers.get('location') ?? ''
  assert.ok(sent.startsWith(CALLBACK))
  assert.notEqual((await target.post({ ...shown, ...ALLOW, life: '999999' })).status, 303)
})

test('INV-9 an agent’s token, or a proof of an operator’s program, answers no consent', async () => {
  await using target = await Target.open()
  const fields = await target.fields()
  const form = String(new URLSearchParams({ ...fields, ...ALLOW }))
  for (const authorization of [
    'Bearer eyJhbGciOiJFUzI1NiJ9.e30.x',
    target.home.proof('POST', '/oauth/authorize', form),
  ]) {
    const response = await target.browser.ask('POST', '/oauth/authorize', {
      form: { ...fields, ...ALLOW },
      cookie: 'none=1',
      headers: { authorization },
    })
    assert.equal(response.status, 401)
  }
})

test('documents are asked for on somebody’s word alone: strangers cannot have us ask anybody', async () => {
  await using target = await Target.open()
  await using other = await ClientHost.open()
  const nobody = new FakeBrowser(target.home)
  for (const more of [{}, { prompt: 'none' }]) {
    await nobody.ask('GET', target.path({ client_id: other.id, ...more }), { page: true })
  }
  // A page of another site that has a signed-in browser load it: the cookie does not come along.
  await target.get({ client_id: other.id }, { site: 'cross-site', cookie: 'none=1' })
  const answer = await target.redeem('made-up', { client: other.id })
  assert.ok('error' in answer)
  assert.equal(other.asked, 0)
})

test('a client that nobody stands for is no redirector: its errors are pages', async () => {
  await using target = await Target.open()
  await using other = await ClientHost.open()
  other.document = { redirect_uris: ['https://phish.example/cb'] }
  const at = { client_id: other.id, redirect_uri: 'https://phish.example/cb' }
  for (const more of [{ response_type: 'token' }, { scope: 'what' }, { prompt: 'none' }, {}]) {
    const response = await target.get({ ...at, ...more })
    assert.equal(response.headers.get('location'), null, JSON.stringify(more))
    assert.ok(response.status >= 400)
  }
})
