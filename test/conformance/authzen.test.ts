// Holds conformance with the AuthZEN Authorization API 1.0 as an enforcer sees it: one test for each thing that it has to be.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { z } from 'zod'
import { Enforcing, type Decided } from '../e2e/enforcing.ts'

let at: Enforcing

before(async () => {
  at = await Enforcing.start()
})

after(() => at[Symbol.asyncDispose]())

const EVALUATION = '/access/v1/evaluation'
const EVALUATIONS = '/access/v1/evaluations'

/** The worker's echo without one of its parts. */
function without(part: 'subject' | 'action' | 'resource'): object {
  const { [part]: _left, ...rest } = at.question('x')
  return rest
}

test('AuthZEN 1.0 §6.1 subject, action and resource are required', async () => {
  for (const part of ['subject', 'action', 'resource'] as const) {
    assert.equal((await at.ask(EVALUATION, without(part))).status, 400, part)
  }
})

test('AuthZEN 1.0 §5 a subject and a resource have a type and an id, an action has a name, all of them text', async () => {
  const id = at.instance
  for (const wrong of [
    { subject: { id } },
    { subject: { type: 'instance' } },
    { action: {} },
    { resource: { id: 'probe' } },
    { resource: { type: 'system' } },
    { subject: 'worker' },
    { subject: { type: 'instance', id: 7 } },
    { action: { name: 123 } },
    { action: { name: 'echo', properties: 'x' } },
    { context: [] },
  ]) {
    const { status } = await at.ask(EVALUATION, at.question('x', wrong))
    assert.equal(status, 400, JSON.stringify(wrong))
  }
})

test('AuthZEN 1.0 §5.2 properties and context may be there, and those that nobody knows change nothing', async () => {
  const more = {
    subject: { type: 'instance', id: at.instance, properties: { department: 'Sales' } },
    resource: { type: 'system', id: 'probe', properties: { status: 'active', owner: 'bob' } },
    context: { time: '2025-06-27T18:03-07:00', ip: '192.168.1.1' },
  }
  assert.equal((await at.decide(at.question('x', more))).decision, true)
  assert.equal((await at.decide(at.question('a secret', more))).decision, false)
})

test('AuthZEN 1.0 §6.1 members of a request that nobody knows are ignored', async () => {
  const future = { foo: 'bar', futureField: { nested: true } }
  assert.equal((await at.decide(at.question('x', future))).decision, true)
})

test('AuthZEN 1.0 §5.3 properties of the action are what is decided on', async () => {
  assert.equal((await at.decide(at.question('plain'))).decision, true)
  assert.equal((await at.decide(at.question('secret'))).decision, false)
})

test('AuthZEN 1.0 §6.2 the answer has a decision that is true or false, and a context that is an object', async () => {
  for (const [text, decision] of [
    ['fine', true],
    ['a secret', false],
    ['hold it', false],
  ] as const) {
    const { status, headers, json } = await at.ask(EVALUATION, at.question(text))
    assert.equal(status, 200)
    assert.match(headers['content-type'] as string, /^application\/json/)
    const answer = json as Decided
    assert.equal(answer.decision, decision, text)
    assert.equal(typeof answer.context, 'object')
  }
})

test('AuthZEN 1.0 §6.2 the same question has the same answer', async () => {
  for (let n = 0; n < 3; n += 1) {
    assert.equal((await at.decide(at.question('again'))).decision, true)
    assert.equal((await at.decide(at.question('again a secret'))).decision, false)
  }
})

test('AuthZEN 1.0 §7.1 without an array, or with an empty one, it is one question', async () => {
  for (const more of [{}, { evaluations: [] }]) {
    const { status, json } = await at.ask(EVALUATIONS, at.question('alone', more))
    assert.equal(status, 200)
    assert.equal((json as Decided).decision, true)
    assert.ok(!('evaluations' in (json as object)))
    assert.equal((await at.ask(EVALUATIONS, { ...without('action'), ...more })).status, 400)
  }
})

test('AuthZEN 1.0 §7.1.1 what stands outside is the default of each, and what stands in each goes before it', async () => {
  const { subject, action, resource } = at.question('a')
  const secret = { name: 'echo', properties: { text: 'secret' } }
  const none = await at.decideAll({
    evaluations: [
      { subject, action, resource },
      { subject, action: secret, resource },
    ],
  })
  assert.deepEqual(decisions(none), [true, false])
  const common = { subject, resource, context: { time: '2025-06-27T18:03-07:00' } }
  const some = await at.decideAll({
    ...common,
    action,
    evaluations: [{}, { action: secret }, { context: { source: 'own' } }],
  })
  assert.deepEqual(decisions(some), [true, false, true])
})

test('AuthZEN 1.0 §7.1.1 an entity takes the place of the default whole, but for a type, id or name that it leaves out', async () => {
  const { subject } = at.question('')
  const all = await at.decideAll({
    subject,
    action: { name: 'echo', properties: { text: 'a secret' } },
    resource: { type: 'system' },
    evaluations: [
      { resource: { id: 'probe' } },
      { resource: { id: 'probe' }, action: { properties: { text: 'fine' } } },
      { resource: {} },
    ],
  })
  assert.deepEqual(decisions(all), [false, true, false])
  assert.equal(all[2]?.context?.error?.status, 400)
})

test('AuthZEN 1.0 §7.1.2.1 execute_all is what is done where nothing is said, in the order of the questions', async () => {
  for (const options of [undefined, {}, { evaluations_semantic: 'execute_all' }]) {
    assert.deepEqual(await semantic(['a', 'a secret', 'b'], options), [true, false, true])
  }
})

test('AuthZEN 1.0 §7.1.2.1 deny_on_first_deny goes no further than the first denial or error', async () => {
  const options = { evaluations_semantic: 'deny_on_first_deny' }
  assert.deepEqual(await semantic(['a', 'a secret', 'b'], options), [true, false])
  const { subject, action } = at.question('x')
  const nowhere = { type: 'system', id: 'nowhere' }
  const wrong = await at.decideAll({
    subject,
    action,
    options,
    evaluations: [{ resource: nowhere }, {}],
  })
  assert.deepEqual(decisions(wrong), [false])
})

test('AuthZEN 1.0 §7.1.2.1 permit_on_first_permit goes no further than the first permission', async () => {
  const options = { evaluations_semantic: 'permit_on_first_permit' }
  assert.deepEqual(await semantic(['a secret', 'a', 'b'], options), [false, true])
  const before = (await at.bailiwick.records('call.intent')).length
  await semantic(['one', 'two'], options)
  assert.equal((await at.bailiwick.records('call.intent')).length, before + 1, 'nothing is asked')
})

test('AuthZEN 1.0 §7.1.2 another semantic is refused, another option is ignored', async () => {
  const body = at.question('x', { evaluations: [{}] })
  const unknown = { ...body, options: { evaluations_semantic: 'guess' } }
  assert.equal((await at.ask(EVALUATIONS, unknown)).status, 400)
  assert.deepEqual(decisions(await at.decideAll({ ...body, options: { another: 1 } })), [true])
})

test('AuthZEN 1.0 §7.2 there is one answer for each question, and no decision about all', async () => {
  const { json } = await at.ask(EVALUATIONS, at.question('x', { evaluations: [{}, {}, {}] }))
  assert.equal((json as { evaluations: unknown[] }).evaluations.length, 3)
  assert.ok(!('decision' in (json as object)))
})

test('AuthZEN 1.0 §7.2.1 what is wrong with one question is a denial of that one, and says what', async () => {
  const all = await at.decideAll(
    at.question('fine', {
      evaluations: [
        {},
        { resource: { type: 'record', id: 'record-1' } },
        { subject: 'alice' },
        { context: { history: {} } },
        7,
        {},
      ],
    }),
  )
  assert.deepEqual(decisions(all), [true, false, false, false, false, true])
  for (const { context } of all.slice(1, 5)) assert.equal(context?.error?.status, 400)
})

const Found = z.object({
  results: z.array(z.record(z.string(), z.string())),
  page: z.object({ next_token: z.string(), count: z.number() }),
})

function search(kind: string, body: object) {
  return at.bailiwick.control.send('POST', `/access/v1/search/${kind}`, body, Found)
}

test('AuthZEN 1.0 §8.4 a search for subjects finds those that may, of the type that is asked for; an id is ignored', async () => {
  const { action, resource } = at.question('x')
  for (const subject of [{ type: 'instance' }, { type: 'instance', id: 'ignored' }]) {
    const { results } = await search('subject', { subject, action, resource, context: { a: 1 } })
    assert.deepEqual(results, [{ type: 'instance', id: at.instance }])
  }
})

test('AuthZEN 1.0 §8.5 a search for resources finds those on which it may; an id is ignored', async () => {
  const { subject, action } = at.question('x')
  for (const resource of [{ type: 'system' }, { type: 'system', id: 'ignored' }]) {
    const { results } = await search('resource', { subject, action, resource })
    assert.deepEqual(results, [{ type: 'system', id: 'probe' }])
  }
})

test('AuthZEN 1.0 §8.1 what a search finds is permitted when it is asked for', async () => {
  const { subject, action, resource } = at.question('x')
  const { results } = await search('action', { subject, resource })
  assert.deepEqual(new Set(results.map(({ name }) => name)), new Set(['echo', 'work']))
  assert.equal((await at.decide({ subject, action, resource })).decision, true)
  const secret = { name: 'echo', properties: { text: 'a secret' } }
  const none = await search('subject', { subject: { type: 'instance' }, action: secret, resource })
  assert.deepEqual(none.results, [])
})

test('AuthZEN 1.0 §8.2 pages follow one another by their tokens, up to an empty one', async () => {
  const { subject, resource } = at.question('')
  const names: (string | undefined)[] = []
  let token = ''
  do {
    const page = { limit: 1, ...(token !== '' && { token }) }
    const found = await search('action', { subject, resource, page })
    assert.ok(found.results.length <= 1)
    assert.equal(found.page.count, found.results.length)
    names.push(...found.results.map(({ name }) => name))
    token = found.page.next_token
  } while (token !== '')
  assert.deepEqual(names, ['echo', 'work'])
})

test('AuthZEN 1.0 §8.2 a token of another search is refused, and so is one that is none', async () => {
  const { subject, resource } = at.question('')
  const { page } = await search('action', { subject, resource, page: { limit: 1 } })
  for (const body of [
    { subject, resource, page: { limit: 2, token: page.next_token } },
    { subject, resource, context: { a: 1 }, page: { limit: 1, token: page.next_token } },
    { subject, resource, page: { limit: 1, token: 'x.y' } },
    { subject, resource, page: { limit: -1 } },
  ]) {
    await assert.rejects(search('action', body), /no token of a page|page\.limit/)
  }
})

test('AuthZEN 1.0 §9.1 the metadata names the decision point and every endpoint that there is', async () => {
  const { status, headers, json } = await at.ask('/.well-known/authzen-configuration')
  assert.equal(status, 200)
  assert.match(headers['content-type'] as string, /^application\/json/)
  assert.deepEqual(json, {
    policy_decision_point: at.base,
    access_evaluation_endpoint: `${at.base}/access/v1/evaluation`,
    access_evaluations_endpoint: `${at.base}/access/v1/evaluations`,
    search_subject_endpoint: `${at.base}/access/v1/search/subject`,
    search_resource_endpoint: `${at.base}/access/v1/search/resource`,
    search_action_endpoint: `${at.base}/access/v1/search/action`,
  })
})

test('AuthZEN 1.0 §10.1 a body that is no JSON, or is not said to be, is refused with 400', async () => {
  const text = JSON.stringify(at.question('x'))
  for (const [body, type] of [
    ['{"subject"', 'application/json'],
    ['', 'application/json'],
    [text, 'text/plain'],
    [text, 'application/x-www-form-urlencoded'],
    ['{"subject":1,"subject":2}', 'application/json'],
  ] as const) {
    const { status } = await at.ask(EVALUATION, body, { 'content-type': type })
    assert.equal(status, 400, `${type}: ${body}`)
  }
})

test('AuthZEN 1.0 §10.1 who does not say who they are gets 401 with the scheme, and a denial never is an error', async () => {
  const { status, headers } = await at.ask(EVALUATION, at.question('x'), { authorization: '' })
  assert.deepEqual([status, headers['www-authenticate']], [401, 'Bearer'])
  assert.equal((await at.ask(EVALUATION, at.question('a secret'))).status, 200)
  const elsewhere = at.question('x', { resource: { type: 'system', id: 'other' } })
  assert.equal((await at.ask(EVALUATION, elsewhere)).status, 403)
})

test('AuthZEN 1.0 §10.1 the request identifier comes back as it was, on refusals too', async () => {
  for (const id of ['bfe9eb29-ab87-4ca3-be83-a1d5d8305716', 'any text, at all!', 'x'.repeat(300)]) {
    const named = { 'x-request-id': id }
    for (const [path, body] of [
      [EVALUATION, at.question('x')],
      [EVALUATIONS, at.question('x', { evaluations: [{}] })],
      [EVALUATION, { subject: 1 }],
      [EVALUATION, 'no json'],
      ['/access/v1/search/subject', {}],
    ] as const) {
      assert.equal((await at.ask(path, body, named)).headers['x-request-id'], id, path)
    }
  }
  const unnamed = await at.ask(EVALUATION, at.question('x'))
  assert.equal(unnamed.status, 200)
})

function decisions(all: readonly Decided[]): boolean[] {
  return all.map(({ decision }) => decision)
}

async function semantic(texts: readonly string[], options: object | undefined) {
  const { subject, resource } = at.question('')
  const all = await at.decideAll({
    subject,
    resource,
    evaluations: texts.map((text) => ({ action: { name: 'echo', properties: { text } } })),
    ...(options !== undefined && { options }),
  })
  return decisions(all)
}
