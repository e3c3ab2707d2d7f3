// Holds attacks on identity as a whole: what a restored database, a restart, a race or a flood gives back or takes away.

import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { AssertionChecks } from '../../src/api/oauth/client/assertion-checks.ts'
import { JwtSpiffe } from '../../src/api/oauth/client/jwt-spiffe.ts'
import { readClientDocument } from '../../src/authority/consent/client-document.ts'
import { signJwtSvid } from '../../src/authority/identity/jwt-svid.ts'
import { openCore, type Core } from '../../src/server/core.ts'
import { settings } from '../../src/server/settings.ts'
import { base64url, sha256, utf8 } from '../../src/std/bytes.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { systemTimer } from '../../src/std/timer.ts'
import { readJws, writeJws } from '../../src/wire/jwt.ts'
import { Authenticator } from '../fakes/authenticator.ts'
import { faultOf } from '../fakes/authority.ts'
import { FakeBrowser } from '../fakes/browser.ts'
import { FakeClock } from '../fakes/clock.ts'
import { CALLBACK, clientDocument } from '../fakes/consent.ts'
import { ConsentWorld, granted } from '../fakes/consent-world.ts'
import { CONTROL_HOST, ControlHome } from '../fakes/control.ts'
import { fakeRequest, fakeTokenKey, p256, spkiOf } from '../fakes/identity.ts'
import { MCP, openOAuth } from '../fakes/oauth.ts'

const HOUR = 3_600_000
const BY = { reason: 'a test' }

/** A whole home whose database can be put back to what it was, as a backup does. */
class Home implements AsyncDisposable {
  readonly path = mkdtempSync(join(tmpdir(), 'bailiwick-review-'))
  readonly #backup = mkdtempSync(join(tmpdir(), 'bailiwick-review-backup-'))
  core!: Core
  person = ''

  static async open(): Promise<Home> {
    const home = new Home()
    await home.start()
    const { agents, people } = home.core.authority
    home.person = (await people.create({ name: 'ann', roles: ['operator'] })).id
    const { person } = home
    const bot = { name: 'bot', owner: person, purpose: 'test', roles: [], unattended: true }
    await agents.register(bot, { person })
    return home
  }

  async start(): Promise<void> {
    const logFile = join(this.path, 'bailiwick.log')
    const machine = { clock: systemClock, entropy: systemEntropy, timer: systemTimer }
    const all = settings({ home: this.path, logFile }, { BAILIWICK_WORKLOAD_SOCKET: 'off' })
    const urls = { identity: () => 'https://127.0.0.1:7402', gateways: () => [GATEWAY] }
    this.core = await openCore(all, machine, () => 'http://x', urls)
  }

  #database(): string[] {
    return readdirSync(this.path).filter((file) => file.startsWith('bailiwick.db'))
  }

  async backUp(): Promise<void> {
    await this.core.close()
    for (const file of this.#database()) cpSync(join(this.path, file), join(this.#backup, file))
    await this.start()
  }

  async putBack(): Promise<void> {
    await this.core.close()
    for (const file of this.#database()) rmSync(join(this.path, file))
    for (const file of readdirSync(this.#backup))
      cpSync(join(this.#backup, file), join(this.path, file))
    await this.start()
  }

  /** Runs statements while the server runs, as somebody with a database client would. */
  edit(run: (database: DatabaseSync) => void): void {
    const database = new DatabaseSync(join(this.path, 'bailiwick.db'))
    run(database)
    database.close()
  }

  enrol(token: string) {
    return this.core.identities.enrol({ token, csr: fakeRequest(p256()) })
  }

  async joinToken(): Promise<string> {
    const { person: by } = this
    return (await this.core.identities.issueJoinToken({ agent: 'bot', by })).token
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.core.close()
    rmSync(this.path, { recursive: true, force: true })
    rmSync(this.#backup, { recursive: true, force: true })
  }
}

const GATEWAY = 'https://127.0.0.1:7443'

test('INV-13 a join token that was used is used, whatever an older database says', async () => {
  await using home = await Home.open()
  const token = await home.joinToken()
  await home.backUp()
  await home.enrol(token)
  await home.putBack()
  await assert.rejects(home.enrol(token), faultOf('join_token.reused'))
})

test('INV-13 a join token whose row is put back by hand under a running server is used all the same', async () => {
  await using home = await Home.open()
  const token = await home.joinToken()
  let row: Record<string, unknown> = {}
  home.edit((database) => {
    row = database.prepare('select * from join_tokens').get() as typeof row
  })
  await home.enrol(token)
  home.edit((database) => {
    const columns = Object.keys(row)
    const set = columns.map((column) => `"${column}" = ?`).join(', ')
    database.prepare(`update join_tokens set ${set}`).run(...(Object.values(row) as string[]))
  })
  await assert.rejects(home.enrol(token), faultOf('join_token.reused'))
})

test('INV-13 an instance that ended stays ended, whatever an older database says', async () => {
  await using home = await Home.open()
  const { instance } = await home.enrol(await home.joinToken())
  await home.backUp()
  assert.ok(home.core.identities.live(instance))
  await home.core.identities.endInstance(instance, 'it said goodbye')
  await home.putBack()
  assert.equal(home.core.identities.live(instance), undefined)
})

/** Evidence that counts once, with a key of its own. */
async function attested(home: Home) {
  const { authority, identities } = home.core
  const [issuer, audience] = ['https://ci.example', 'bailiwick']
  const by = { person: home.person, ...BY }
  await authority.trust.add({ name: 'ci', kind: 'attest-oidc', issuer, audience }, by)
  const selectors = ['oidc:sub:bot']
  const registration = { agent: 'bot', attestor: 'oidc', source: 'ci', selectors } as const
  await identities.registrations.register(registration, home.person)
  const once = { id: 'oidc:a-token', expiresAt: systemClock.now() + HOUR }
  const evidence = { attestor: 'oidc', source: 'ci', selectors, subject: 'bot', once } as const
  return () => home.core.identities.enrolAttested({ attested: evidence, publicKey: spkiOf(p256()) })
}

test('INV-13 evidence that was used is used, whatever an older database says', async () => {
  await using home = await Home.open()
  const enter = await attested(home)
  await home.backUp()
  await enter()
  await home.putBack()
  await assert.rejects(enter(), faultOf('attest.replayed'))
})

test('INV-13 evidence whose mark is deleted by hand under a running server is used all the same', async () => {
  await using home = await Home.open()
  const enter = await attested(home)
  await enter()
  home.edit((database) => database.exec('delete from spent'))
  await assert.rejects(enter(), faultOf('attest.replayed'))
})

const CLIENT = 'https://client.example/client.json'
const VERIFIER = 'v'.repeat(43)

/** A consent of the person, with its first refresh token. */
async function consented(home: Home): Promise<{ readonly refresh: string; readonly id: string }> {
  const { authority, consents } = home.core
  await authority.agents.discover({ name: 'client', client: CLIENT, purpose: 'asks' })
  const word = { person: home.person, ...BY }
  await authority.agents.update('client', { owner: home.person }, word)
  await authority.agents.update('client', { state: 'active' }, word)
  const document = utf8(
    clientDocument({ grant_types: ['authorization_code', 'refresh_token'] }, CLIENT),
  )
  const request = {
    client: readClientDocument(document, CLIENT),
    redirect: CALLBACK,
    challenge: base64url(sha256(VERIFIER)),
    resources: [`${GATEWAY}/mcp`],
    scope: ['*'],
    silent: false,
  }
  const agreed = { request, person: home.person, scope: ['*'], lifeMs: HOUR }
  const code = new URL(await consents.agree(agreed)).searchParams.get('code') ?? ''
  const answer = await consents.redeem({ ...ASK, code, verifier: VERIFIER })
  assert.ok('token' in answer, JSON.stringify(answer))
  const [consent] = consents.list()
  return { refresh: answer.refresh ?? '', id: consent?.id ?? '' }
}

const ASK = {
  client: CLIENT,
  resources: [],
  binding: { kind: 'dpop', value: 'k'.repeat(43) },
  prove: () => assert.fail('a public client'),
  place: 'somewhere',
} as const

test('INV-13 a refresh token that was used is used, whatever an older database says', async () => {
  await using home = await Home.open()
  const { refresh: refreshToken } = await consented(home)
  await home.backUp()
  const next = await home.core.consents.refresh({ ...ASK, refreshToken })
  assert.ok('token' in next)
  await home.putBack()
  const again = await home.core.consents.refresh({ ...ASK, refreshToken })
  assert.ok('error' in again, 'the old one works again')
  assert.deepEqual(
    home.core.consents.list(),
    [],
    'which of them is the newest nobody knows any more',
  )
})

test('INV-5 that a refresh token was used twice is told even where the end of it cannot be recorded', async () => {
  await using world = await ConsentWorld.open()
  const { refresh = '' } = granted(await world.redeem(await world.code()))
  await world.refresh(refresh)
  world.home.audit.fail()
  await assert.rejects(world.refresh(refresh))
  assert.deepEqual(
    world.ground.observed.map(({ kind }) => kind),
    ['refresh-reused'],
  )
})

test('RFC 7523 §3 an assertion that was used before a restart is not good after it', () => {
  const clock = new FakeClock()
  const audience = 'https://issuer.example'
  const checks = () => new AssertionChecks({ clock, audiences: () => [audience] })
  const jws = (more: Record<string, number>) => {
    const exp = Math.floor(clock.now() / 1000) + 60
    const payload = { aud: audience, jti: 'one', exp, ...more }
    const text = writeJws({ alg: 'EdDSA' }, payload, () => new Uint8Array(64))
    return readJws(text, { typ: [undefined], algorithms: ['EdDSA'] })
  }
  clock.advance(HOUR)
  const before = checks()
  clock.advance(10 * 60_000)
  const iat = Math.floor(clock.now() / 1000)
  const [dated, undated] = [jws({ iat }), jws({})]
  before.accept(dated, 'one')
  before.accept(undated, 'two')
  clock.advance(2_000)
  const after = checks()
  assert.throws(() => after.accept(dated, 'one'), faultOf('oauth.client_assertion'))
  assert.throws(() => after.accept(undated, 'two'), faultOf('oauth.client_assertion'))
  clock.advance(1_000)
  after.accept(jws({ iat: Math.floor(clock.now() / 1000) }), 'three')
})

test('INV-8 a JWT-SVID that came with a key before a restart comes with no other after it', () => {
  const clock = new FakeClock()
  clock.advance(HOUR)
  const issuer = 'https://issuer.example'
  const signer = fakeTokenKey()
  const object = createPublicKey({
    key: Buffer.from(signer.publicKey),
    format: 'der',
    type: 'spki',
  })
  const id = '01900000-0000-7000-8000-000000000001'
  const spiffeId = `spiffe://bailiwick.test/agent/bot/${id}`
  const certificates = new Map([['fingerprint', { notAfter: clock.now() + HOUR }]])
  const holder = { id, agent: 'bot', spiffeId, lifeEnds: clock.now() + HOUR, certificates }
  const server = () =>
    new JwtSpiffe({
      clock,
      clients: { live: () => holder, holderOf: () => holder },
      tokens: { issuer, key: () => ({ id: signer.keyId, object }) },
    })
  const svid = () =>
    signJwtSvid(signer, { spiffeId, audience: [issuer], id, now: clock.now(), life: 300_000 })
  const [before, text] = [server(), svid()]
  assert.equal(before.holderOf(text, 'its key'), holder)
  assert.throws(() => before.holderOf(text, 'a thief'), faultOf('oauth.client_assertion'))
  clock.advance(2_000)
  const after = server()
  assert.throws(() => after.holderOf(text, 'a thief'), faultOf('oauth.client_assertion'))
  assert.equal(after.holderOf(svid(), 'its key'), holder)
})

test('INV-4 authority that is handed on is for no resource that the token was not for', async () => {
  await using bench = await openOAuth()
  const [one, two] = [
    await bench.enrol({ agent: 'planner' }),
    await bench.enrol({ agent: 'worker' }),
  ]
  bench.delegate(one)
  const ask = async (client: typeof one, form: Record<string, string>) =>
    (await bench.post('/oauth/token', form, client.mtls)).body
  const exchange = (subject: unknown, more: Record<string, string>) => ({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: String(subject),
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    ...more,
  })
  const narrow = await ask(one, { grant_type: 'client_credentials', resource: `${MCP}/fs` })
  const handed = await ask(one, exchange(narrow['access_token'], { audience: two.holder.spiffeId }))
  const wide = await ask(two, exchange(handed['access_token'], { resource: `${MCP}/mail` }))
  assert.equal(wide['error'], 'invalid_target')
  const whole = await ask(two, exchange(handed['access_token'], {}))
  const shown = { certificate: two.fingerprint }
  const text = String(whole['access_token'])
  assert.ok('id' in bench.check(text, { ...shown, resource: `${MCP}/fs` }))
  assert.ok('refused' in bench.check(text, { ...shown, resource: `${MCP}/mail` }))
})

test('INV-8 a token that the old key signed while it was replaced is worth nothing', async () => {
  await using bench = await openOAuth()
  const one = await bench.enrol()
  const { store } = bench.district
  const insert = store.tokens.insert.bind(store.tokens)
  store.tokens.insert = async (...row) => {
    const held = await insert(...row)
    await bench.tokenKey.replace()
    return held
  }
  const of = { instance: one.holder.id, audience: [MCP], binding: bindingOf(one.fingerprint) }
  const issued = await bench.tokens.issue(of).catch(() => undefined)
  store.tokens.insert = insert
  const shown = { certificate: one.fingerprint }
  if (issued !== undefined) assert.ok('refused' in bench.check(issued.text, shown))
  assert.equal(bench.tokens.size, 0)
})

function bindingOf(fingerprint: string) {
  return { kind: 'mtls', value: base64url(Buffer.from(fingerprint, 'hex')) } as const
}

test('INV-10 whoever asks for challenges without end keeps nobody from showing that they are there', async () => {
  const home = await ControlHome.open()
  try {
    const person = await home.person('ann', ['viewer'])
    const browser = new FakeBrowser(home)
    await browser.signIn(person.id)
    const authenticator = new Authenticator(`http://${CONTROL_HOST}`)
    const created = await browser.send('/account/passkeys/options', {})
    const flood = new FakeBrowser(home)
    for (let n = 0; n < 1_001; n++) await flood.send('/login/passkey/options', {})
    const answer = await browser.ask('POST', '/account/passkeys', {
      json: authenticator.create(created as never),
    })
    assert.equal(answer.status, 200)
  } finally {
    await home.close()
  }
})
