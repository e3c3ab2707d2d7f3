// Holds attacks on people: on how they sign in, and on what keeps them signed in.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Authenticator, type Misbehaviour } from '../fakes/authenticator.ts'
import { faultOf } from '../fakes/authority.ts'
import { FakeBrowser, type Asks } from '../fakes/browser.ts'
import { CONTROL_HOST, ControlHome, type FakeOperator } from '../fakes/control.ts'

const ORIGIN = `http://${CONTROL_HOST}`
const COOKIE = '__Host-Http-bailiwick'

let home: ControlHome
before(async () => {
  home = await ControlHome.open()
})
after(() => home.close())

let count = 0
/** A new person who is signed in. */
async function somebody(
  roles: readonly string[] = ['viewer'],
): Promise<{ person: FakeOperator; browser: FakeBrowser }> {
  count += 1
  const person = await home.person(`somebody-${count}`, roles)
  const browser = new FakeBrowser(home)
  await browser.signIn(person.id)
  return { person, browser }
}

async function code(response: Response): Promise<readonly [number, unknown]> {
  const { code: told } = (await response.json()) as { code?: unknown }
  return [response.status, told]
}

/** Registers a passkey of somebody who is signed in. */
async function passkeyOf(browser: FakeBrowser): Promise<Authenticator> {
  const authenticator = new Authenticator(ORIGIN)
  const options = await browser.send('/account/passkeys/options', {})
  await browser.send('/account/passkeys', authenticator.create(options as never))
  return authenticator
}

/** Tries to sign in with a passkey. */
async function passkeyLogin(
  authenticator: Authenticator,
  bad: Misbehaviour = {},
  browser = new FakeBrowser(home),
): Promise<Response> {
  const options = await browser.send('/login/passkey/options', {})
  const assertion = authenticator.get(options as never, bad)
  return browser.ask('POST', '/login/passkey', { json: { assertion } })
}

test('a link opens a session once, whoever comes with it first, and only in time', async () => {
  const { person } = await somebody()
  const { links } = home.authority.sessions
  const { secret } = await links.issue(person.id)
  const [first, second] = [new FakeBrowser(home), new FakeBrowser(home)]
  const answers = await Promise.all(
    [first, second].map((browser) => browser.ask('POST', '/login/link', { json: { secret } })),
  )
  assert.deepEqual(
    answers.map(({ status }) => status).sort((a, b) => a - b),
    [200, 403],
  )
  assert.deepEqual(await code(await first.ask('POST', '/login/link', { json: { secret } })), [
    403,
    'login.link',
  ])
  const late = await links.issue(person.id)
  home.clock.advance(600_000)
  assert.deepEqual(
    await code(await second.ask('POST', '/login/link', { json: { secret: late.secret } })),
    [403, 'login.link'],
  )
})

test('a clock that is set back makes no link and no session last longer', async () => {
  const { person, browser } = await somebody()
  const { secret } = await home.authority.sessions.links.issue(person.id)
  home.clock.advance(3_600_000)
  home.clock.setWall(home.clock.now() - 3_600_000)
  assert.deepEqual(await code(await browser.ask('POST', '/login/link', { json: { secret } })), [
    403,
    'login.link',
  ])
  assert.deepEqual(await code(await browser.ask('GET', '/v1/whoami')), [401, 'session.ended'])
  const later = await home.authority.sessions.links.issue(person.id)
  const second = await home.authority.sessions.links.issue(person.id)
  assert.equal((await browser.ask('POST', '/login/link', { json: later })).status, 400)
  assert.deepEqual(
    await code(await browser.ask('POST', '/login/link', { json: { secret: later.secret } })),
    [403, 'login.link'],
    'a newer link takes the place of the one before',
  )
  await browser.send('/login/link', { secret: second.secret })
})

test('a session ends by its age and by idling, and what ended is dead at once', async () => {
  const { browser } = await somebody()
  for (let half = 0; half < 23; half++) {
    home.clock.advance(1_800_000)
    assert.equal((await browser.ask('GET', '/v1/whoami')).status, 200)
  }
  home.clock.advance(1_800_000)
  assert.deepEqual(await code(await browser.ask('GET', '/v1/whoami')), [401, 'session.ended'])
  const { browser: idle } = await somebody()
  home.clock.advance(3_600_000)
  assert.deepEqual(await code(await idle.ask('GET', '/v1/whoami')), [401, 'session.ended'])
  const { browser: out } = await somebody()
  const stolen = out.cookies.get(COOKIE)!
  const csrf = await out.csrf()
  assert.equal((await out.ask('POST', '/logout', { form: { csrf } })).status, 200)
  assert.equal(out.cookies.has(COOKIE), false)
  const cookie = `${COOKIE}=${stolen}`
  assert.deepEqual(await code(await out.ask('GET', '/v1/whoami', { cookie })), [
    401,
    'session.ended',
  ])
})

test('session fixation: nobody chooses the secret of a session, and signing in ends the one before', async () => {
  const { browser } = await somebody()
  const before = browser.cookies.get(COOKIE)!
  const { person } = await somebody()
  await browser.signIn(person.id)
  const now = browser.cookies.get(COOKIE)!
  assert.notEqual(now, before)
  const old = await browser.ask('GET', '/v1/whoami', { cookie: `${COOKIE}=${before}` })
  assert.equal(old.status, 401)
  const planted = 'A'.repeat(43)
  const fixed = new FakeBrowser(home)
  fixed.cookies.set(COOKIE, planted)
  await fixed.signIn(person.id)
  assert.notEqual(fixed.cookies.get(COOKIE), planted)
  const two = `${COOKIE}=${planted}; ${COOKIE}=${now}`
  assert.equal((await browser.ask('GET', '/v1/whoami', { cookie: two })).status, 401)
})

test('the cookie is host-only, of this origin’s responses alone, and never sent across sites', async () => {
  const { person } = await somebody()
  const { secret } = await home.authority.sessions.links.issue(person.id)
  const response = await new FakeBrowser(home).ask('POST', '/login/link', { json: { secret } })
  const [line = ''] = response.headers.getSetCookie()
  assert.match(
    line,
    /^__Host-Http-bailiwick=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/,
  )
})

test('only the hash of a session’s secret is anywhere in the home', async () => {
  const { browser } = await somebody()
  const secret = browser.cookies.get(COOKIE)!
  const rows = JSON.stringify(home.authority.sessions.listOf((await me(browser)).id))
  assert.ok(rows.length > 50 && !rows.includes(secret))
})

async function me(browser: FakeBrowser): Promise<{ id: string; roles: string[] }> {
  const response = await browser.ask('GET', '/v1/whoami')
  return ((await response.json()) as { person: { id: string; roles: string[] } }).person
}

test('CSRF: a request that changes something needs our exact Origin and Sec-Fetch-Site, on every route', async () => {
  const { browser } = await somebody(['administrator'])
  const body = { name: 'scout', owner: 'ada', purpose: 'forged' }
  const forgeries: readonly Asks[] = [
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: 'http://bailiwick.localhost:9999', site: 'same-site' },
    { origin: 'http://127.0.0.1:7400' },
    { origin: 'https://bailiwick.localhost:7400' },
    { origin: null },
    { site: 'cross-site' },
    { site: 'same-site' },
    { site: 'none' },
    { site: null },
  ]
  const targets = [
    '/v1/agents',
    '/v1/sessions/end',
    '/account/passkeys/options',
    '/account/presence/options',
    '/login/link',
    '/login/passkey/options',
    '/login/passkey',
  ]
  for (const target of targets) {
    for (const forged of forgeries) {
      const json = target === '/login/link' ? { secret: 'A'.repeat(43) } : body
      const response = await browser.ask('POST', target, { json, ...forged })
      const [status, told] = await code(response)
      assert.ok(
        (status === 403 && told === 'api.origin') ||
          (status === 400 && target === '/login/passkey'),
        `${target} ${JSON.stringify(forged)}: ${status} ${String(told)}`,
      )
    }
  }
  assert.equal((await me(browser)).roles[0], 'administrator', 'the session is whole')
  for (const site of ['cross-site', 'same-site']) {
    assert.deepEqual(await code(await browser.ask('GET', '/v1/people', { site })), [
      403,
      'api.origin',
    ])
  }
})

test('CSRF: a form with the token of another session, or none, does nothing', async () => {
  const [{ browser }, { browser: other }] = [await somebody(), await somebody()]
  const foreign = await other.csrf()
  for (const csrf of [foreign, '', 'x']) {
    const response = await browser.ask('POST', '/logout', { form: { csrf } })
    assert.deepEqual(await code(response), [403, 'api.csrf'])
  }
  assert.equal((await browser.ask('GET', '/v1/whoami')).status, 200)
})

test('INV-9 a cookie counts for nothing beside another credential', async () => {
  const { browser } = await somebody(['administrator'])
  for (const authorization of ['Bearer bwj1.secret.fingerprint', 'DPoP abc', 'Certificate ab']) {
    const response = await browser.ask('GET', '/v1/whoami', { headers: { authorization } })
    assert.equal(response.status, 401, authorization)
  }
})

test('no page can be framed, loads anything foreign, or runs what stands in it', async () => {
  const { browser } = await somebody()
  const pages = ['/login', '/account', '/nowhere', '/login/oidc/nobody/callback']
  for (const path of pages) {
    const { headers } = await browser.ask('GET', path, { page: true })
    const policy = headers.get('content-security-policy') ?? ''
    assert.match(policy, /^default-src 'none'/, path)
    assert.match(policy, /frame-ancestors 'none'/)
    assert.match(policy, /base-uri 'none'/)
    assert.match(policy, /form-action 'self'(;|$)/)
    assert.doesNotMatch(policy, /unsafe|\*|data:|https?:/)
    assert.equal(headers.get('x-frame-options'), 'DENY')
    assert.equal(headers.get('cache-control'), 'no-store')
    assert.equal(headers.get('cross-origin-opener-policy'), 'same-origin')
  }
})

test('a page that is asked for from elsewhere is asked for once more from here; signing in is not', async () => {
  const { browser } = await somebody()
  const elsewhere: Asks = { page: true, site: 'cross-site', cookie: '' }
  const account = await browser.ask('GET', '/account?welcome=1', elsewhere)
  assert.equal(account.status, 200)
  assert.equal(account.headers.get('refresh'), '0;url=/account?welcome=1')
  assert.match(await (await browser.ask('GET', '/login', elsewhere)).text(), /id="passkey"/)
  const nobody = await browser.ask('GET', '/account?welcome=1', { page: true, cookie: '' })
  assert.equal(nobody.status, 303)
  assert.equal(nobody.headers.get('location'), '/login?return_to=%2Faccount%3Fwelcome%3D1')
})

test('open redirect: the way back is a path of ours, whatever was asked for', async () => {
  const { person, browser } = await somebody()
  await passkeyOf(browser)
  const outside = [
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/x/..//evil.example',
    'javascript:alert(1)',
    'account',
    '/%0d%0aset-cookie:x'.replaceAll('%0d%0a', '\r\n'),
    `/${'a'.repeat(2_000)}\u00a0`,
  ]
  for (const wanted of outside) {
    const { secret } = await home.authority.sessions.links.issue(person.id)
    const { next } = await browser.send('/login/link', { secret, return_to: wanted })
    assert.equal(next, '/', JSON.stringify(wanted))
  }
  const { secret } = await home.authority.sessions.links.issue(person.id)
  const { next } = await browser.send('/login/link', { secret, return_to: '/approvals/1?x=2' })
  assert.equal(next, '/approvals/1?x=2')
  const page = await (
    await browser.ask('GET', `/login?return_to=${encodeURIComponent('"><script>')}`, { page: true })
  ).text()
  assert.doesNotMatch(page, /"><script>/)
})

test('WebAuthn §7.2 an assertion that is not verified, of another origin or host, forged, or of another ceremony opens nothing', async () => {
  const { browser } = await somebody()
  const authenticator = await passkeyOf(browser)
  assert.equal((await passkeyLogin(authenticator)).status, 200)
  const attacks: Readonly<Record<string, Misbehaviour>> = {
    unverified: { userVerified: false },
    'other port': { origin: 'http://bailiwick.localhost:9999' },
    'other origin': { origin: 'https://bailiwick.localhost:7400' },
    'other host': { rpId: 'localhost' },
    forged: { forged: true },
    'other ceremony': { type: 'webauthn.create' },
    'other person': { userHandle: Buffer.from('per_somebody').toString('base64url') },
  }
  for (const [name, bad] of Object.entries(attacks)) {
    const fresh = new FakeBrowser(home)
    const response = await passkeyLogin(authenticator, bad, fresh)
    assert.deepEqual(await code(response), [403, 'login.passkey'], name)
    assert.equal(fresh.cookies.size, 0, name)
  }
  assert.equal((await passkeyLogin(authenticator)).status, 200, 'and it still works')
})

test('WebAuthn §13.4.3 a challenge is answered once, in time, and only for what it was made', async () => {
  const { browser } = await somebody()
  const authenticator = await passkeyOf(browser)
  const options = await browser.send('/login/passkey/options', {})
  const assertion = authenticator.get(options as never)
  const thief = new FakeBrowser(home)
  assert.equal((await browser.ask('POST', '/login/passkey', { json: { assertion } })).status, 200)
  const again = await thief.ask('POST', '/login/passkey', { json: { assertion } })
  assert.deepEqual(await code(again), [403, 'login.passkey'])
  const late = await browser.send('/login/passkey/options', {})
  home.clock.advance(300_000)
  const slow = { assertion: authenticator.get(late as never) }
  assert.equal((await browser.ask('POST', '/login/passkey', { json: slow })).status, 403)
  const login = await browser.send('/login/passkey/options', {})
  const presence = authenticator.get(login as never)
  assert.equal((await browser.ask('POST', '/account/presence', { json: presence })).status, 403)
  const { browser: other } = await somebody()
  const theirs = await other.send('/account/presence/options', {})
  const borrowed = authenticator.get(theirs as never)
  assert.equal((await other.ask('POST', '/account/presence', { json: borrowed })).status, 403)
})

test('WebAuthn §6.1.1 a counter that goes back or stands still is a copy: refused', async () => {
  const { browser } = await somebody()
  const authenticator = await passkeyOf(browser)
  assert.equal((await passkeyLogin(authenticator, { counter: 7 })).status, 200)
  for (const counter of [7, 3, 0]) {
    const response = await passkeyLogin(authenticator, { counter })
    assert.deepEqual(await code(response), [403, 'person.counter'], String(counter))
  }
  assert.equal((await passkeyLogin(authenticator, { counter: 8 })).status, 200)
})

test('WebAuthn §7.1 a passkey is registered to the session that asked, verified, and soon after signing in', async () => {
  const [{ browser }, { browser: other }] = [await somebody(), await somebody()]
  const authenticator = new Authenticator(ORIGIN)
  const options = await browser.send('/account/passkeys/options', {})
  const stolen = authenticator.create(options as never)
  const elsewhere = await other.ask('POST', '/account/passkeys', { json: stolen })
  assert.deepEqual(await code(elsewhere), [403, 'login.passkey'])
  const again = await browser.send('/account/passkeys/options', {})
  const unverified = authenticator.create(again as never, { userVerified: false })
  const refused = await browser.ask('POST', '/account/passkeys', { json: unverified })
  assert.deepEqual(await code(refused), [403, 'login.passkey'])
  home.clock.advance(900_000)
  const stale = await browser.ask('POST', '/account/passkeys/options', { json: {} })
  assert.deepEqual(await code(stale), [403, 'session.stale'])
})

test('INV-5 whoever has left is nobody at once: by key, passkey, session, link and gate', async () => {
  const { person, browser } = await somebody(['operator'])
  const authenticator = await passkeyOf(browser)
  const { people, sessions } = home.authority
  const { secret } = await sessions.links.issue(person.id)
  const told: string[] = []
  const stop = people.onChange((changed) => told.push(`${changed.id} ${changed.state ?? ''}`))
  await home.read('POST', `/v1/people/${person.name}/leave`, { body: { reason: 'has gone' } })
  stop()
  assert.equal(told[0], `${person.id} left`)
  assert.deepEqual(await code(await home.ask('GET', '/v1/whoami', { as: person })), [
    401,
    'operator.unknown_key',
  ])
  assert.equal((await browser.ask('GET', '/v1/whoami')).status, 401)
  assert.deepEqual(await code(await passkeyLogin(authenticator)), [403, 'login.passkey'])
  const link = await browser.ask('POST', '/login/link', { json: { secret } })
  assert.deepEqual(await code(link), [403, 'login.link'])
  assert.equal(people.get(person.id), undefined)
  assert.equal(people.known(person.id)?.name, person.name)
  assert.throws(() => people.find(person.name), faultOf('person.left'))
  await assert.rejects(
    people.change(person.id, { roles: ['administrator'] }, { person: home.ada.id, reason: 'back' }),
    faultOf('person.left'),
  )
})

test('the last administrator with a way in stays', async () => {
  const word = { person: home.ada.id, reason: 'no reason' }
  const { people } = home.authority
  for (const { id } of people.list()) {
    const other = people.get(id)
    if (other !== undefined && id !== home.ada.id && other.roles.includes('administrator')) {
      await people.change(id, { roles: [] }, word)
    }
  }
  const last = faultOf('person.last_administrator')
  await assert.rejects(people.change('ada', { roles: ['viewer'] }, word), last)
  await assert.rejects(people.removeKey('ada', home.ada.kid, word), last)
  assert.throws(() => people.leave('ada', word), last)
  // An administrator without a key or a passkey cannot come in, and counts for nothing.
  await people.create({ name: 'keyless', roles: ['administrator'] })
  await assert.rejects(people.change('ada', { roles: [] }, word), last)
})
