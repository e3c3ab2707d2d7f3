// Holds the tests of the routes of credentials, and of connecting in a person's own session.

import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { FakeBrowser } from '../../../test/fakes/browser.ts'
import { systemNamed } from '../../../test/fakes/authority.ts'
import { ControlHome, type FakeOperator } from '../../../test/fakes/control.ts'
import { grants, refuses, TokenServer } from '../../../test/fakes/token-server.ts'
import { base64url, sha256 } from '../../std/bytes.ts'
import { ConnectedAnswer, Credential, CredentialsAnswer } from '../../wire/api/credential.ts'
import type { UpstreamAuth } from '../../wire/upstream-auth.ts'

let home: ControlHome
let endpoint: TokenServer
let bob: FakeOperator

before(async () => {
  home = await ControlHome.open()
  endpoint = await TokenServer.open()
  bob = await home.person('bob', [])
  await pin('files', undefined)
  await pin('crm', {
    kind: 'user',
    authorizationUrl: 'https://login.example/authorize?tenant=7',
    tokenUrl: `${endpoint.url}/token`,
    revocationUrl: `${endpoint.url}/revoke`,
    clientId: 'us',
    scope: 'read write',
  })
})
after(async () => {
  await home.close()
  await endpoint.close()
})
beforeEach(() => endpoint.asked.splice(0))

async function pin(name: string, auth: UpstreamAuth | undefined): Promise<void> {
  const known = systemNamed(name, `sha256:${name}`)
  const transport =
    auth === undefined
      ? known.transport
      : ({ kind: 'mcp', url: 'https://crm.example/mcp', auth, reach: { private: true } } as const)
  const word = { person: home.ada.id, reason: 'test' }
  await home.authority.systems.pin({ ...known, transport }, word)
}

const path = '/v1/credentials/files/TOKEN'

test('a value goes in, and no answer and no record has it', async () => {
  const body = { value: 'hush-hush', rotate_every_days: 90 }
  const stored = await home.read('POST', path, { body })
  assert.deepEqual(Credential.parse(stored), stored)
  assert.equal(stored['version'], 1)
  assert.equal(stored['stored_by'], 'ada')
  const listed = await home.read('GET', '/v1/credentials')
  assert.deepEqual(CredentialsAnswer.parse(listed), listed)
  assert.deepEqual(await home.read('GET', path), stored)
  const records = await home.audit.tail({ limit: 5, type: 'secret.stored' })
  assert.equal(records[0]?.record.person, home.ada.id)
  assert.doesNotMatch(JSON.stringify([stored, listed, records]), /hush/)
  const same = await home.read('POST', `${path}/rotate`, { body: { value: 'hush-hush' } }, 409)
  assert.equal(same['code'], 'secret.same')
  const rotated = await home.read('POST', `${path}/rotate`, { body: { value: 'hush-anew' } })
  assert.equal(rotated['version'], 2)
  // What was said of it stays said.
  assert.notEqual(rotated['due_at'], null)
  await home.read('POST', `${path}/remove`, { body: { reason: 'over' } })
  assert.equal((await home.read('GET', path, {}, 404))['code'], 'secret.unknown')
})

test('a name that the system does not use, both or neither of value and reference, and what is no reference are refused', async () => {
  const other = '/v1/credentials/files/TOKNE'
  const told = await home.read('POST', other, { body: { value: 'x' } }, 400)
  assert.equal(told['code'], 'secret.unneeded')
  assert.match(String(told['detail']), /it names TOKEN$/)
  await home.read('POST', '/v1/credentials/nothing/TOKEN', { body: { value: 'x' } }, 404)
  await home.read('POST', path, { body: {} }, 400)
  await home.read('POST', path, { body: { value: 'x', reference: 'vault:kv/data/a#b' } }, 400)
  const none = await home.read('POST', path, { body: { reference: 'vault:../sys#b' } }, 400)
  assert.equal(none['code'], 'secret.reference')
})

test('who is no operator stores, rotates and removes nothing', async () => {
  const as = bob
  await home.read('POST', path, { as, body: { value: 'x' } }, 403)
  await home.read('POST', `${path}/rotate`, { as, body: {} }, 403)
  await home.read('POST', `${path}/remove`, { as, body: { reason: 'x' } }, 403)
  await home.read('POST', '/v1/credential-keys/rotate', { as, body: { reason: 'x' } }, 403)
  await home.read('GET', '/v1/credentials', { as }, 403)
})

test('another key seals at once', async () => {
  const before = await home.read('GET', '/v1/credential-keys')
  const after = await home.read('POST', '/v1/credential-keys/rotate', {
    body: { reason: 'yearly' },
  })
  assert.notEqual(after['current'], before['current'])
  assert.deepEqual(after['retired'], [before['current']])
})

/** Begins in a browser, and answers where the provider is asked. */
async function begin(browser: FakeBrowser): Promise<URL> {
  const csrf = await browser.csrf('/connect/crm')
  const begun = await browser.ask('POST', '/connect/crm', { form: { csrf, action: 'connect' } })
  assert.equal(begun.status, 303)
  return new URL(begun.headers.get('location')!)
}

test('a person connects in their own session: code, PKCE, state (RFC 6749 §4.1, RFC 7636 §4)', async () => {
  const browser = new FakeBrowser(home)
  await browser.signIn(bob.id)
  const asked = await begin(browser)
  assert.equal(asked.origin + asked.pathname, 'https://login.example/authorize')
  const query = Object.fromEntries(asked.searchParams)
  assert.equal(query['tenant'], '7')
  assert.equal(query['response_type'], 'code')
  assert.equal(query['scope'], 'read write')
  assert.equal(query['redirect_uri'], `${home.url}/connect/crm/callback`)
  assert.equal(query['code_challenge_method'], 'S256')
  endpoint.script = grants({ access_token: 'at-bob', refresh_token: 'rt-bob', expires_in: 60 })
  const back = `/connect/crm/callback?code=c0de&state=${query['state']!}`
  const done = await browser.ask('GET', back, { page: true })
  assert.deepEqual([done.status, done.headers.get('location')], [303, '/connect/crm'])
  const { form } = endpoint.asked[0]!
  assert.equal(form.get('grant_type'), 'authorization_code')
  assert.equal(form.get('redirect_uri'), query['redirect_uri'])
  assert.equal(base64url(sha256(form.get('code_verifier')!)), query['code_challenge'])
  const page = await (await browser.ask('GET', '/connect/crm', { page: true })).text()
  assert.match(page, /You are connected to crm/)
  assert.doesNotMatch(page, /at-bob/)
  const own = await home.read('GET', '/v1/upstream-consents', { as: bob })
  assert.deepEqual(ConnectedAnswer.parse(own), own)
  assert.doesNotMatch(JSON.stringify(own), /at-bob|rt-bob/)
  assert.deepEqual(
    (own['consents'] as { person: string }[]).map(({ person }) => person),
    ['bob'],
  )
  const [record] = await home.audit.tail({ limit: 1, type: 'credential.connected' })
  assert.equal(record?.record.person, bob.id)
  assert.doesNotMatch(JSON.stringify(record), /at-bob|rt-bob/)
  // The same answer again is used up.
  const again = await browser.ask('GET', back, { page: true })
  assert.equal(again.status, 400)
})

test('disconnecting takes both tokens back at the provider (RFC 7009 §2.1)', async () => {
  endpoint.script = (_, response) => void response.writeHead(200).end()
  const body = { reason: 'no longer' }
  const answer = await home.read('POST', '/v1/upstream-consents/crm/disconnect', { as: bob, body })
  assert.deepEqual(answer, { system: 'crm', revoked: true })
  assert.deepEqual(
    endpoint.asked.map(({ path: at, form }) => `${at} ${form.get('token')}`).toSorted(),
    ['/revoke at-bob', '/revoke rt-bob'],
  )
  await home.read('POST', '/v1/upstream-consents/crm/disconnect', { as: bob, body }, 404)
  const others = { as: bob, body: { ...body, person: home.ada.id } }
  await home.read('POST', '/v1/upstream-consents/crm/disconnect', others, 403)
})

test('a provider that does not agree is told without its own words', async () => {
  const browser = new FakeBrowser(home)
  await browser.signIn(bob.id)
  const state = (await begin(browser)).searchParams.get('state')!
  const query = new URLSearchParams({
    error: 'access_denied',
    error_description: 'CALL 555',
    state,
  })
  const denied = await browser.ask('GET', `/connect/crm/callback?${query}`, { page: true })
  const text = await denied.text()
  assert.equal(denied.status, 400)
  assert.match(text, /did not agree \(access_denied\)/)
  assert.doesNotMatch(text, /555/)
  const next = (await begin(browser)).searchParams.get('state')!
  endpoint.script = refuses('invalid_grant', 'CALL 555')
  const refused = await browser.ask('GET', `/connect/crm/callback?code=c&state=${next}`, {
    page: true,
  })
  assert.match(await refused.text(), /refused the code \(invalid_grant\)/)
})

test('nobody connects to a system that is not called as its users, and nobody without a session', async () => {
  const browser = new FakeBrowser(home)
  const led = await browser.ask('GET', '/connect/crm', { page: true })
  assert.equal(led.headers.get('location'), '/login?return_to=%2Fconnect%2Fcrm')
  await browser.signIn(bob.id)
  assert.equal((await browser.ask('GET', '/connect/files', { page: true })).status, 404)
})
