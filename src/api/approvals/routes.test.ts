// Holds tests of approvals over the API and of their page.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { utf8 } from '../../std/bytes.ts'
import { isObject, parseJson, type JsonObject } from '../../std/json.ts'
import { Approval, ApprovalAgreed, ApprovalsAnswer } from '../../wire/api/approval.ts'
import { FakeBrowser } from '../../../test/fakes/browser.ts'
import type { TaskFacts } from '../../wire/task.ts'
import { ControlHome, type FakeOperator } from '../../../test/fakes/control.ts'
import { actorOf } from '../../../test/fakes/authority.ts'

let home: ControlHome
let finance: FakeOperator
before(async () => {
  home = await ControlHome.open()
  finance = await home.person('finn', ['finance'])
  await home.read('POST', '/v1/agents', { body: { name: 'payer', purpose: 'pays what is owed' } })
})
after(() => home.close())

let asked = 0

/** Holds a call with these arguments (JSON text); answers the id of its approval. */
async function held(
  input: string,
  reason = 'refunds above 100 EUR are reviewed',
  task?: TaskFacts,
): Promise<string> {
  const tree = parseJson(utf8(input))
  assert.ok(isObject(tree))
  asked += 1
  const { approval } = await home.authority.approvals.ask({
    callDigest: `digest ${asked}`,
    call: `01900000-0000-7000-8000-${String(asked).padStart(12, '0')}`,
    actor: {
      ...actorOf('payer', home.ada.id, home.ada.id),
      ...(task !== undefined && { task }),
    },
    system: 'billing',
    action: 'create_refund',
    input: tree as JsonObject,
    effects: ['spend', 'external'],
    gates: [{ name: 'finance', policy: 'refunds-need-finance', reason }],
    reason,
    definition: 'sha256:definition',
    policySet: 'sha256:set',
    expiresAt: home.clock.now() + 300_000,
  })
  return approval.id
}

async function page(id: string): Promise<{ readonly text: string; readonly headers: Headers }> {
  const response = await home.ask('GET', `/approvals/${id}`, { authorization: null })
  return { text: await response.text(), headers: response.headers }
}

test('INV-6 whoever is asked sees which task the call is for, in the words of who asked for it', async () => {
  const task: TaskFacts = {
    id: '0192aaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa',
    intent: 'refund <Mr> Meier',
    person: home.ada.id,
    scope: [{ action: '*' }],
    budget: {},
    endsAt: home.clock.now() + 60_000,
    scopeDigest: 'sha256:x',
  }
  const id = await held('{"amount_cents":1}', 'reviewed', task)
  const shown = await home.read('GET', `/v1/approvals/${id}`)
  assert.deepEqual(shown['task'], { id: task.id, intent: task.intent })
  const page = await (await home.ask('GET', `/approvals/${id}`, { authorization: null })).text()
  assert.match(page, /<dt>task<\/dt>\s*<dd>.*refund &lt;Mr&gt; Meier/)
  const without = await home.read('GET', `/v1/approvals/${await held('{"amount_cents":2}')}`)
  assert.equal('task' in without, false)
})

test('a held call is listed without arguments and shown with them, which is recorded', async () => {
  const id = await held('{"amount_cents":9007199254740993,"to":"acme"}')
  const list = await home.read('GET', '/v1/approvals')
  assert.deepEqual(ApprovalsAnswer.parse(list), list)
  assert.doesNotMatch(JSON.stringify(list), /acme/)
  const response = await home.ask('GET', `/v1/approvals/${id}`, { as: finance })
  const text = await response.text()
  assert.match(text, /"amount_cents":9007199254740993/, 'exact, not rounded')
  const shown = Approval.parse(JSON.parse(text))
  assert.equal(shown.person, 'ada')
  assert.equal(shown.url, `http://bailiwick.localhost:7400/approvals/${id}`)
  assert.deepEqual(shown.effects, ['spend', 'external'])
  const [record] = await home.audit.tail({ limit: 1, type: 'audit.read' })
  assert.equal(record?.record.person, finance.id)
  assert.deepEqual({ ...record.record.body }, { what: 'approval', approval: id })
})

test('only who holds the role of the gate answers, whatever else they may do', async () => {
  const id = await held('{"amount_cents":1}')
  const path = `/v1/approvals/${id}/approve`
  const body = { reason: 'I checked the invoice' }
  assert.equal((await home.read('POST', path, { body }, 403))['code'], 'approval.role')
  const approved = await home.read('POST', path, { body, as: finance })
  assert.deepEqual(ApprovalAgreed.parse(approved), approved)
  assert.equal(approved['hasty'], true, 'nobody showed it to them')
  assert.equal(approved['state'], 'approved')
  assert.equal(approved['answered_by'], 'finn')
  assert.deepEqual((approved['gates'] as { agreed_by: object[] }[])[0]?.agreed_by, [
    { name: 'finn', read_ms: null },
  ])
  const twice = await home.read('POST', path, { body, as: finance }, 409)
  assert.equal(twice['code'], 'approval.closed')
  const pending = await home.read('GET', '/v1/approvals?state=pending')
  const open = await home.read('GET', '/v1/approvals?state=open')
  const ids = (answer: Record<string, unknown>) =>
    (answer['approvals'] as { id: string }[]).map((one) => one.id)
  assert.ok(!ids(pending).includes(id) && ids(open).includes(id))
})

test('a denied call keeps no arguments, and says in which words', async () => {
  const id = await held('{"secret":"do not keep"}')
  const body = { reason: 'not ours' }
  const denied = await home.read('POST', `/v1/approvals/${id}/deny`, { body, as: finance })
  assert.equal(denied['state'], 'denied')
  const shown = await home.read('GET', `/v1/approvals/${id}`)
  assert.equal(shown['input'], null)
  assert.equal(shown['answer'], 'not ours')
  const { text, headers } = await page(id)
  assert.doesNotMatch(text, /do not keep/)
  assert.match(text, /no longer waiting: denied/)
  assert.equal(headers.get('refresh'), null)
})

test('the page shows the call, what it needs and what to type, without a login', async () => {
  const id = await held('{"amount_cents":12000}')
  const { text, headers } = await page(id)
  for (const shown of ['payer', 'ada', 'billing', 'create_refund', 'spend, external', '12000']) {
    assert.ok(text.includes(shown), shown)
  }
  assert.match(text, /refunds-need-finance/)
  assert.match(text, /in 5 min 0 s/)
  assert.ok(text.includes(`bailiwick approval approve ${id} --reason`))
  assert.ok(text.includes('agents run under the account of their person'))
  assert.equal(headers.get('content-type'), 'text/html; charset=utf-8')
  assert.equal(headers.get('cache-control'), 'no-store')
})

test('the page can run nothing, load nothing, send nothing and be framed by nobody', async () => {
  const { text, headers } = await page(await held('{"a":1}'))
  const policy = headers.get('content-security-policy') ?? ''
  assert.equal(
    policy,
    "default-src 'none'; style-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'",
  )
  assert.doesNotMatch(text, /<(?:script|form|iframe|img|object|button|input)\b/i)
  const targets = [...text.matchAll(/\b(?:href|src|action)="([^"]*)"/g)].map(([, to]) => to)
  assert.ok(targets.length > 0 && targets.every((to) => /^\/[a-z]/.test(to!) || to === '/'))
})

test('who is signed in answers on the page: with the token of the session, a reason, and the role', async () => {
  const id = await held('{"amount":1}')
  const finance = await home.person('finance-by-page', ['finance'])
  const [browser, other] = [new FakeBrowser(home), new FakeBrowser(home)]
  await browser.signIn(finance.id)
  await other.signIn(home.ada.id)
  const shown = await browser.ask('GET', `/approvals/${id}`, { page: true })
  assert.equal(shown.headers.get('refresh'), null)
  assert.match(await shown.text(), /<button name="verdict" value="approve"/)
  const csrf = await browser.csrf(`/approvals/${id}`)
  const answer = (form: Record<string, string>, by = browser) =>
    by.ask('POST', `/approvals/${id}`, { form })
  const reason = 'looked at'
  const foreign = await other.csrf()
  assert.equal((await answer({ csrf: foreign, reason, verdict: 'approve' })).status, 403)
  assert.equal((await answer({ csrf, reason: ' ', verdict: 'approve' })).status, 400)
  assert.equal((await answer({ csrf: foreign, reason, verdict: 'approve' }, other)).status, 403)
  const nobody = new FakeBrowser(home)
  assert.equal((await answer({ csrf, reason, verdict: 'approve' }, nobody)).status, 401)
  assert.equal((await home.authority.approvals.get(id)).state, 'pending')
  assert.equal((await answer({ csrf, reason, verdict: 'approve' })).status, 303)
  assert.equal((await home.authority.approvals.get(id)).state, 'approved')
})

test('nobody agrees on the page to what it does not show whole', async () => {
  const id = await held(JSON.stringify({ a: 'x'.repeat(100_000) }))
  const browser = new FakeBrowser(home)
  await browser.signIn(home.ada.id)
  const text = await (await browser.ask('GET', `/approvals/${id}`, { page: true })).text()
  assert.doesNotMatch(text, /value="approve"/)
  assert.match(text, /value="deny"/)
})

test('arguments are inert: markup, attributes, direction and invisible characters', async () => {
  const hostile = {
    '<script>alert(1)</script>': '</pre><script>alert(2)</script><img src=x onerror=alert(3)>',
    quote: '" onmouseover="alert(4)',
    turned: 'pay \u202e000001\u202c EUR',
    hidden: 'plain\u200b\u{e0041}\ufeff text',
    entity: '&lt;b&gt;',
  }
  const reason = '<b>bold</b> \u202ereason'
  const { text } = await page(await held(JSON.stringify(hostile), reason))
  assert.doesNotMatch(text, /<script|<img|<b>|onmouseover="/)
  assert.doesNotMatch(text, /[\u202a-\u202e\u2066-\u2069\u200b\ufeff\u{e0041}]/u)
  assert.ok(text.includes('\\u{202e}000001'))
  assert.ok(text.includes('plain\\u{200b}\\u{e0041}\\u{feff} text'))
  assert.ok(text.includes('&amp;lt;b&amp;gt;'))
  assert.ok(text.includes('&lt;b&gt;bold&lt;/b&gt; \\u{202e}reason'))
})

test('arguments of a megabyte are cut, and that is said', async () => {
  const { text } = await page(await held(JSON.stringify({ a: '<'.repeat(1_000_000) })))
  assert.ok(text.length < 200_000, `${text.length} characters`)
  assert.match(text, /Cut after 20000 characters/)
})

test('an unknown approval, and what is no id, has nothing to see', async () => {
  for (const id of ['01900000-0000-7000-8000-00000000dead', 'x', '%3Cscript%3E']) {
    const response = await home.ask('GET', `/approvals/${id}`, { authorization: null })
    assert.equal(response.status, 404)
    const text = await response.text()
    assert.match(text, /There is no such approval/)
    assert.doesNotMatch(text, /<script/)
  }
})

test('an approval whose time is over is shown as over', async () => {
  const id = await held('{"late":true}')
  home.clock.advance(301_000)
  assert.doesNotMatch((await page(id)).text, /bailiwick approval approve/)
  const path = `/v1/approvals/${id}`
  const shown = await home.read('GET', path)
  assert.deepEqual([shown['state'], shown['input']], ['expired', null])
  const late = { body: { reason: 'too late' }, as: finance }
  const told = await home.read('POST', `${path}/approve`, late, 409)
  assert.equal(told['code'], 'approval.expired')
})

test('who takes their time is told so, and calls that are alike are counted', async () => {
  const [first, second] = [await held('{"a":1}'), await held('{"a":2}')]
  const shown = Approval.parse(await home.read('GET', `/v1/approvals/${first}`, { as: finance }))
  assert.ok(shown.similar >= 1)
  home.clock.advance(10_000)
  const body = { reason: 'read it twice' }
  const agreed = await home.read('POST', `/v1/approvals/${first}/approve`, { body, as: finance })
  assert.equal(agreed['hasty'], false)
  const [record] = await home.audit.tail({ type: 'approval.approved', limit: 1 })
  assert.equal(record?.record.body['readMs'], 10_000)
  const page = await (await home.ask('GET', `/approvals/${first}`, { authorization: null })).text()
  assert.match(page, /finn, after 10 s/)
  const other = Approval.parse(await home.read('GET', `/v1/approvals/${second}`, { as: finance }))
  assert.equal(other.similar, shown.similar - 1)
})
