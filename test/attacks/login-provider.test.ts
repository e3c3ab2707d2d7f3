// Holds attacks on signing in at an identity provider, with a real one: mix-up, swapped answers, replays, groups that ended.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { FakeBrowser } from '../fakes/browser.ts'
import { CONTROL_HOST, ControlHome } from '../fakes/control.ts'
import { CLIENT, IdentityProvider } from '../fakes/provider.ts'

const CALLBACK = (source: string) => `/login/oidc/${source}/callback`
const REDIRECT = (source: string) => `http://${CONTROL_HOST}${CALLBACK(source)}`
const GROUPS = { ops: ['operator', 'viewer'], finance: ['finance'] }

let home: ControlHome
let corp: IdentityProvider
let evil: IdentityProvider
before(async () => {
  home = await ControlHome.open()
  corp = await IdentityProvider.open([REDIRECT('corp')])
  evil = await IdentityProvider.open([REDIRECT('evil')])
  trust()
})
after(async () => {
  await corp.close()
  await evil.close()
  await home.close()
})

function trust(more: Partial<Parameters<ControlHome['trustLogins']>[0]> = {}): void {
  for (const [name, { issuer }] of Object.entries({ corp, evil })) {
    const { id: clientId, secret } = CLIENT
    home.trustLogins({ name, issuer, clientId, secret, groupRoles: GROUPS, ...more })
  }
}

/** Begins to sign in; the answer is where the browser is sent. */
async function begin(browser: FakeBrowser, source = 'corp', returnTo = '/account'): Promise<URL> {
  const asked = await browser.ask('POST', `/login/oidc/${source}`, {
    form: { return_to: returnTo },
  })
  assert.equal(asked.status, 200, await asked.clone().text())
  return new URL(asked.headers.get('refresh')!.replace(/^0;url=/, ''))
}

/** Comes back from there, as the browser does. */
function back(browser: FakeBrowser, url: URL, source = 'corp'): Promise<Response> {
  return browser.ask('GET', `${CALLBACK(source)}${url.search}`, { site: 'cross-site' })
}

async function signIn(browser: FakeBrowser, provider = corp): Promise<Response> {
  return back(browser, await provider.visit((await begin(browser)).href))
}

async function me(browser: FakeBrowser): Promise<{ id: string; name: string; roles: string[] }> {
  const response = await browser.ask('GET', '/v1/whoami')
  return ((await response.json()) as { person: { id: string; name: string; roles: string[] } })
    .person
}

async function refused(response: Response, code: string): Promise<void> {
  assert.equal(((await response.json()) as { code: string }).code, code)
  assert.ok(
    response.headers.getSetCookie().every((line) => !line.startsWith('__Host-Http-bailiwick=')),
  )
}

test('OpenID Connect Core §3.1.2.1, RFC 7636 §4.3 the question has state, nonce and an S256 challenge, new every time', async () => {
  const [one, two] = [await begin(new FakeBrowser(home)), await begin(new FakeBrowser(home))]
  for (const { searchParams } of [one, two]) {
    assert.equal(searchParams.get('response_type'), 'code')
    assert.equal(searchParams.get('code_challenge_method'), 'S256')
    assert.equal(searchParams.get('redirect_uri'), REDIRECT('corp'))
    assert.ok(searchParams.get('scope')!.split(' ').includes('openid'))
  }
  for (const name of ['state', 'nonce', 'code_challenge']) {
    assert.ok(one.searchParams.get(name)!.length >= 32, name)
    assert.notEqual(one.searchParams.get(name), two.searchParams.get(name), name)
  }
})

test('somebody whose group gives a role signs in, is known again, and never by name', async () => {
  const browser = new FakeBrowser(home)
  const answer = await signIn(browser)
  assert.equal(answer.status, 200, await answer.clone().text())
  assert.equal(answer.headers.get('refresh'), '0;url=/account')
  const first = await me(browser)
  assert.deepEqual(first.roles, ['operator', 'viewer'])
  assert.equal(first.name, 'grace-hopper')
  const again = new FakeBrowser(home)
  await signIn(again)
  assert.equal((await me(again)).id, first.id)
  // Somebody else who says that they are called the same, or like a person who is here already.
  for (const name of ['Grace.Hopper', 'ada']) {
    corp.account = { sub: `other-${name}`, name, groups: ['finance'] }
    const other = new FakeBrowser(home)
    await signIn(other)
    const they = await me(other)
    assert.notEqual(they.id, first.id)
    assert.notEqual(they.id, home.ada.id)
    assert.deepEqual(they.roles, ['finance'])
  }
  corp.account = { sub: 'subject-1', name: 'Grace.Hopper', groups: ['staff', 'ops'] }
})

test('nobody is made of somebody whose groups give nothing', async () => {
  const count = home.authority.people.list().length
  for (const groups of [[], ['staff'], ['__proto__', 'constructor', 'toString']]) {
    corp.account = { sub: `nobody-${groups.length}`, name: 'nobody', groups }
    await refused(await signIn(new FakeBrowser(home)), 'person.no_role')
  }
  assert.equal(home.authority.people.list().length, count)
  corp.account = { sub: 'subject-1', name: 'Grace.Hopper', groups: ['staff', 'ops'] }
})

test('groups hold as long as the source says, and no longer than it is trusted', async () => {
  trust({ groupsMaxAgeMs: 600_000 })
  const browser = new FakeBrowser(home)
  await signIn(browser)
  home.clock.advance(599_999)
  assert.deepEqual((await me(browser)).roles, ['operator', 'viewer'])
  home.clock.advance(1)
  assert.deepEqual((await me(browser)).roles, [])
  assert.equal((await browser.ask('GET', '/v1/agents')).status, 403)
  await signIn(browser)
  assert.deepEqual((await me(browser)).roles, ['operator', 'viewer'])
  trust({ groupRoles: { ops: ['viewer'] } })
  assert.deepEqual((await me(browser)).roles, ['viewer'], 'what no group gives any more is gone')
  trust({ state: 'removed' })
  assert.deepEqual((await me(browser)).roles, [])
  trust()
  corp.account = { ...corp.account, groups: ['staff'] }
  await signIn(browser)
  assert.deepEqual((await me(browser)).roles, [], 'a group that was left is gone at the next login')
  corp.account = { ...corp.account, groups: ['staff', 'ops'] }
})

test('RFC 9207 §2.4 mix-up: an answer of one provider is none of another’s', async () => {
  const browser = new FakeBrowser(home)
  const question = await begin(browser)
  // The honest provider is asked; its answer is brought to the redirect URI of the other, and the other way round.
  const answer = await corp.visit(question.href)
  await refused(await back(browser, answer, 'evil'), 'login.refused')
  await refused(await back(browser, answer, 'corp'), 'login.refused')
  const second = await corp.visit((await begin(browser)).href)
  second.searchParams.set('iss', evil.issuer)
  const exchanges = corp.exchanges
  await refused(await back(browser, second), 'login.provider')
  const third = await corp.visit((await begin(browser)).href)
  third.searchParams.delete('iss')
  await refused(await back(browser, third), 'login.provider')
  assert.equal(corp.exchanges, exchanges, 'no code was sent anywhere')
})

test('RFC 9700 §4.7.1 state: an answer to the question of another browser, or of an earlier login, opens nothing', async () => {
  const [victim, attacker] = [new FakeBrowser(home), new FakeBrowser(home)]
  const theirs = await corp.visit((await begin(attacker)).href)
  await refused(await back(victim, theirs), 'login.refused')
  await begin(victim)
  await refused(await back(victim, theirs), 'login.provider')
  const early = await corp.visit((await begin(victim)).href)
  await begin(victim)
  await refused(await back(victim, early), 'login.provider')
})

test('OpenID Connect Core §3.1.3.7 nonce, RFC 7636 §4.6: a code that another login gave is not redeemed with this one’s state', async () => {
  const [victim, attacker] = [new FakeBrowser(home), new FakeBrowser(home)]
  const stolen = await corp.visit((await begin(attacker)).href)
  const own = await corp.visit((await begin(victim)).href)
  own.searchParams.set('code', stolen.searchParams.get('code')!)
  await refused(await back(victim, own), 'login.provider')
})

test('RFC 9700 §4.5 code replay: one answer to one question, in time', async () => {
  const browser = new FakeBrowser(home)
  const question = await begin(browser)
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const answer = await corp.visit(question.href)
  assert.equal((await back(browser, answer)).status, 200)
  const again = await new FakeBrowser(home).ask('GET', `${CALLBACK('corp')}${answer.search}`, {
    cookie,
    site: 'cross-site',
  })
  await refused(again, 'login.refused')
  const slow = new FakeBrowser(home)
  const late = await corp.visit((await begin(slow)).href)
  home.clock.advance(600_000)
  await refused(await back(slow, late), 'login.refused')
})

test('login CSRF: only a page of ours begins a login, and only for sources that are trusted', async () => {
  const browser = new FakeBrowser(home)
  const form = { return_to: '/account' }
  await refused(
    await browser.ask('POST', '/login/oidc/corp', { form, site: 'cross-site' }),
    'api.origin',
  )
  await refused(await browser.ask('POST', '/login/oidc/nowhere', { form }), 'login.no_source')
  assert.equal(browser.cookies.size, 0)
})

test('open redirect: the way back from a provider is a path of ours', async () => {
  for (const wanted of ['https://evil.example', '//evil.example', '/\\evil.example']) {
    const browser = new FakeBrowser(home)
    const answer = await back(
      browser,
      await corp.visit((await begin(browser, 'corp', wanted)).href),
    )
    assert.equal(answer.headers.get('refresh'), '0;url=/', wanted)
  }
})

test('an answer that is an error, or nonsense, is told in our words', async () => {
  for (const query of [
    '?error=access_denied&error_description=%3Cscript%3E&state=x',
    '?code=x',
    '?',
    '?state=%00&code=%00',
  ]) {
    const browser = new FakeBrowser(home)
    await begin(browser)
    const response = await back(browser, new URL(`http://x/${query}`))
    const text = await response.clone().text()
    assert.doesNotMatch(text, /script|access_denied/)
    await refused(response, 'login.provider')
  }
})

test('a source of the same name at another issuer knows nobody of the one before', async () => {
  corp.account = { sub: 'same-sub', name: 'first', groups: ['ops'] }
  const first = new FakeBrowser(home)
  await signIn(first)
  home.clock.advance(1)
  const other = await IdentityProvider.open([REDIRECT('corp')])
  try {
    const { id: clientId, secret } = CLIENT
    const { issuer } = other
    home.trustLogins({ name: 'corp', issuer, clientId, secret, groupRoles: GROUPS })
    assert.deepEqual((await me(first)).roles, [], 'the groups were those of the other')
    other.account = { sub: 'same-sub', name: 'second', groups: ['ops'] }
    const second = new FakeBrowser(home)
    await signIn(second, other)
    assert.notEqual((await me(second)).id, (await me(first)).id)
  } finally {
    await other.close()
    trust()
  }
})

test('whoever has left does not come back by signing in there', async () => {
  corp.account = { sub: 'leaver', name: 'leaver', groups: ['ops'] }
  const browser = new FakeBrowser(home)
  await signIn(browser)
  const { id } = await me(browser)
  await home.authority.people.leave(id, { person: home.ada.id, reason: 'has gone' })
  assert.equal((await browser.ask('GET', '/v1/whoami')).status, 401)
  await refused(await signIn(new FakeBrowser(home)), 'person.left')
})

test('OpenID Connect Discovery §4.3 a provider that is another than its issuer says, or does not answer, is no provider', async () => {
  home.trustLogins({
    name: 'gone',
    issuer: 'http://127.0.0.1:9',
    clientId: 'x',
    groupRoles: GROUPS,
  })
  home.trustLogins({
    name: 'other',
    issuer: `${corp.issuer}/`.replace('127.0.0.1', 'localhost'),
    clientId: 'x',
    groupRoles: GROUPS,
  })
  for (const source of ['gone', 'other']) {
    const response = await new FakeBrowser(home).ask('POST', `/login/oidc/${source}`, { form: {} })
    await refused(response, 'login.provider')
  }
})
