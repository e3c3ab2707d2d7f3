// Holds AuthZEN end to end: a program of its own that enforces by asking, and everything that it is refused.

import assert from 'node:assert/strict'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { SignJWT } from 'jose'
import { request } from 'undici'
import type { Holder } from '../../src/cli/identity/holder.ts'
import { Bailiwick, testServer } from './bailiwick.ts'
import { connect, textOf } from './client.ts'

const POLICIES = `
@id("workers") @without("task") permit (principal in Role::"worker", action in [Action::"probe/echo", Action::"probe/work"], resource);
@id("no-secrets") @reason("secrets are not echoed")
forbid (principal in Role::"worker", action == Action::"probe/echo", resource) when { context.input.text like "*secret*" };
@id("echo-is-looked-at") @gate("operator")
forbid (principal in Role::"worker", action == Action::"probe/echo", resource) when { context.input.text like "hold*" };
`

let bailiwick: Bailiwick
let worker: Holder
let instance: string
let key: KeyObject
let otherKey: KeyObject
let base: string

interface Context {
  readonly id?: string
  readonly code?: string
  readonly reason_user?: { readonly en: string }
  readonly grant?: { readonly token: string }
  readonly approval?: { readonly id: string; readonly url: string }
  readonly error?: { readonly status: number; readonly message: string }
}

interface Decided {
  readonly decision: boolean
  readonly context?: Context
}

before(async () => {
  bailiwick = await Bailiwick.start()
  base = `http://bailiwick.localhost:${bailiwick.controlPort}`
  const journal = join(bailiwick.home, 'journal')
  const tap = join(bailiwick.home, 'tap')
  writeFileSync(journal, '')
  await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', journal, tap))
  await bailiwick.apply(POLICIES)
  await bailiwick.agent('worker', ['worker'])
  worker = await bailiwick.enrol('worker')
  instance = worker.identity.spiffeId.split('/').at(-1)!
  key = await enforcer('pep', 'probe')
  otherKey = generateKeyPairSync('ed25519').privateKey
})

after(() => bailiwick[Symbol.asyncDispose]())

async function enforcer(name: string, system: string): Promise<KeyObject> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const file = join(bailiwick.home, `${name}.pem`)
  writeFileSync(file, publicKey.export({ type: 'spki', format: 'pem' }))
  const words = ['enforcer', 'add', name, '--system', system, '--public-key', file]
  const added = await bailiwick.cli([...words, '--reason', 'a test', '-o', 'json'])
  assert.equal(added.code, 0, added.stderr)
  return privateKey
}

function assertion(name = 'pep', by = key, more: { aud?: string; exp?: string } = {}) {
  return new SignJWT({})
    .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT' })
    .setIssuer(name)
    .setSubject(name)
    .setAudience(more.aud ?? base)
    .setIssuedAt()
    .setExpirationTime(more.exp ?? '2m')
    .sign(by)
}

async function post(
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<{
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly json: unknown
}> {
  const authorization = `Bearer ${await assertion()}`
  // `fetch` would not let the Host header be set.
  const response = await request(`http://127.0.0.1:${bailiwick.controlPort}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      host: `bailiwick.localhost:${bailiwick.controlPort}`,
      'content-type': 'application/json',
      authorization,
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return {
    status: response.statusCode,
    headers: response.headers,
    json: await response.body.json(),
  }
}

function question(text: string, more: object = {}) {
  return {
    subject: { type: 'instance', id: instance },
    action: { name: 'echo', properties: { text } },
    resource: { type: 'system', id: 'probe' },
    ...more,
  }
}

async function decide(body: object): Promise<Decided> {
  const { status, json } = await post('/access/v1/evaluation', body)
  assert.equal(status, 200, JSON.stringify(json))
  return json as Decided
}

/** An API of somebody else, which does nothing that it was not granted. */
async function enforcingApi(): Promise<{
  readonly server: Server
  readonly url: string
  done: string[]
}> {
  const done: string[] = []
  const server = createServer((request, response) => {
    void (async () => {
      const text = new URL(request.url ?? '/', 'http://x').searchParams.get('text') ?? ''
      const { decision, context } = await decide(question(text))
      const token = context?.grant?.token
      const burnt =
        decision && token !== undefined
          ? await post('/access/v1/grants/burn', { grant: token })
          : undefined
      if (burnt?.status !== 200) {
        response.writeHead(403).end(context?.code ?? 'not burnt')
        return
      }
      done.push(text)
      await post('/access/v1/grants/outcome', { grant: token, status: 'ok', duration_ms: 3 })
      response.writeHead(200).end(`did ${text}`)
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { server, url, done }
}

test('a program of its own enforces what it asks, and the record tells the whole story', async () => {
  const api = await enforcingApi()
  try {
    const good = await fetch(`${api.url}/?text=hello`)
    assert.deepEqual([good.status, await good.text()], [200, 'did hello'])
    const bad = await fetch(`${api.url}/?text=a%20secret`)
    assert.deepEqual([bad.status, await bad.text()], [403, 'policy.denied'])
    assert.deepEqual(api.done, ['hello'])
  } finally {
    api.server.close()
  }
  const [intent] = (await bailiwick.records('call.intent')).slice(-1)
  const [burnt] = (await bailiwick.records('grant.burnt')).slice(-1)
  const [outcome] = (await bailiwick.records('call.outcome')).slice(-1)
  const [denied] = (await bailiwick.records('call.denied')).slice(-1)
  assert.equal(intent?.record.call, burnt?.record.call)
  assert.equal(intent?.record.call, outcome?.record.call)
  assert.equal(intent?.record.body['credential'], 'pep', 'whose word it was stands there')
  assert.equal(intent?.record.body['binding'], 'vouched')
  assert.equal(outcome?.record.body['claimed_by'], 'pep')
  assert.equal(denied?.record.agent, 'worker')
  assert.ok((await bailiwick.verify()).ok)
})

test('for equal facts the answer is the gateway’s', async () => {
  const client = await connect(bailiwick, worker, 'probe', { era: '2025-11-25' })
  for (const text of ['plain', 'the secret', 'another secret', 'x']) {
    const asked = await decide(question(text))
    const called = await client
      .callTool({ name: 'echo', arguments: { text } })
      .then((result) => textOf(result) !== undefined)
      .catch((error: unknown) => {
        assert.match(String(error), /policy\.denied/)
        return false
      })
    assert.equal(asked.decision, called, text)
  }
  const { context } = await decide(question('the secret'))
  assert.equal(context?.reason_user?.en, 'secrets are not echoed')
})

test('INV-6 a held call is a denial that says where to ask, and what was agreed is used once', async () => {
  const held = await decide(question('hold this'))
  assert.equal(held.decision, false)
  assert.equal(held.context?.code, 'approval.pending')
  const pending = await bailiwick.held()
  assert.equal(held.context?.approval?.id, pending.id)
  assert.equal((await decide(question('hold this'))).context?.approval?.id, pending.id, 'it joins')
  const words = ['approval', 'approve', pending.id, '--reason', 'fine', '--yes']
  const approved = await bailiwick.cli(words)
  assert.equal(approved.code, 0, approved.stderr)
  const [first, second] = await Promise.all([
    decide(question('hold this')),
    decide(question('hold this')),
  ])
  const yes = [first, second].filter(({ decision }) => decision)
  assert.equal(yes.length, 1, 'once, whoever races')
  await bailiwick.cli(['approval', 'deny', (await bailiwick.held()).id, '--reason', 'no'])
})

test('a grant is burnt once, by whom it was given to, and not after a lock', async () => {
  const grantOf = async (text: string) => (await decide(question(text))).context?.grant?.token
  const burn = (grant: string | undefined) => post('/access/v1/grants/burn', { grant })
  const grant = await grantOf('once')
  const races = await Promise.all(Array.from({ length: 8 }, () => burn(grant)))
  assert.deepEqual(
    races.map(({ status }) => status).sort((a, b) => a - b),
    [200, 409, 409, 409, 409, 409, 409, 409],
    'exactly one',
  )
  const kept = await grantOf('after a restart')
  assert.equal((await burn(kept)).status, 200)
  await bailiwick.stop()
  await bailiwick.serve()
  assert.equal((await burn(kept)).status, 409, 'the mark is durable')
  const before = await grantOf('before the lock')
  const { id } = await bailiwick.lock('agent', 'worker')
  const voided = await burn(before)
  assert.deepEqual([voided.status, (voided.json as { code: string }).code], [403, 'grant.void'])
  assert.equal((await decide(question('locked'))).context?.code, 'admit.locked')
  await bailiwick.unlock(id)
  const other = await enforcer('other-pep', 'probe')
  const bearer = { authorization: `Bearer ${await assertion('other-pep', other)}` }
  const stolen = await post('/access/v1/grants/burn', { grant: await grantOf('mine') }, bearer)
  assert.equal((stolen.json as { code: string }).code, 'grant.other')
})

test('AuthZEN 1.0 §7.1 many questions: defaults, order, and the three semantics', async () => {
  const ask = async (texts: readonly string[], semantic?: string) => {
    const { subject, resource } = question('')
    const { json } = await post('/access/v1/evaluations', {
      subject,
      resource,
      evaluations: texts.map((text) => ({ action: { name: 'echo', properties: { text } } })),
      ...(semantic !== undefined && { options: { evaluations_semantic: semantic } }),
    })
    return (json as { evaluations: Decided[] }).evaluations.map(({ decision }) => decision)
  }
  const texts = ['a', 'a secret', 'b']
  assert.deepEqual(await ask(texts), [true, false, true])
  assert.deepEqual(await ask(texts, 'execute_all'), [true, false, true])
  assert.deepEqual(await ask(texts, 'deny_on_first_deny'), [true, false])
  assert.deepEqual(await ask(['a secret', 'a', 'b'], 'permit_on_first_permit'), [false, true])
  const single = await post('/access/v1/evaluations', question('alone'))
  assert.equal((single.json as Decided).decision, true, 'without an array it is one question')
  const empty = await post('/access/v1/evaluations', { ...question('alone'), evaluations: [] })
  assert.equal((empty.json as Decided).decision, true)
  const partly = await post('/access/v1/evaluations', {
    ...question('fine'),
    evaluations: [
      {},
      { resource: { type: 'system', id: 'nowhere' } },
      { subject: { type: 'user', id: 'x' } },
    ],
  })
  const { evaluations } = partly.json as { evaluations: Decided[] }
  assert.deepEqual(
    evaluations.map(({ decision }) => decision),
    [true, false, false],
  )
  assert.equal(evaluations[1]?.context?.error?.status, 403, 'an error of one is its own')
  assert.equal(evaluations[2]?.context?.error?.status, 400)
})

test('AuthZEN 1.0 §9 the metadata names every endpoint, and searches are for operators', async () => {
  const { json } = await post('/.well-known/authzen-configuration', undefined)
  const metadata = json as Record<string, string>
  assert.equal(metadata['policy_decision_point'], base)
  assert.equal(metadata['access_evaluation_endpoint'], `${base}/access/v1/evaluation`)
  const body = {
    subject: { type: 'instance', id: instance },
    resource: { type: 'system', id: 'probe' },
  }
  assert.equal(
    (await post('/access/v1/search/action', body)).status,
    401,
    'an enforcer is no operator',
  )
  const { z } = await import('zod')
  const Found = z.object({
    results: z.array(z.record(z.string(), z.string())),
    page: z.object({ next_token: z.string() }),
  })
  const found = await bailiwick.control.send('POST', '/access/v1/search/action', body, Found)
  const names = new Set(found.results.map(({ name }) => name))
  assert.deepEqual(names, new Set(['echo', 'work']))
  const who = { subject: { type: 'instance' }, action: { name: 'echo' }, resource: body.resource }
  const subjects = await bailiwick.control.send('POST', '/access/v1/search/subject', who, Found)
  assert.deepEqual(subjects.results, [{ type: 'instance', id: instance }])
  const where = {
    subject: body.subject,
    action: { name: 'echo', properties: { text: 'a secret' } },
    resource: { type: 'system' },
  }
  const resources = await bailiwick.control.send('POST', '/access/v1/search/resource', where, Found)
  assert.deepEqual(resources.results, [], 'with these arguments nowhere')
})

test('AuthZEN 1.0 §10.1 the name of a request comes back, on errors too', async () => {
  const named = { 'x-request-id': 'bfe9eb29-ab87-4ca3' }
  const good = await post('/access/v1/evaluation', question('x'), named)
  assert.equal(good.headers['x-request-id'], named['x-request-id'])
  const bad = await post('/access/v1/evaluation', { subject: 1 }, named)
  assert.deepEqual([bad.status, bad.headers['x-request-id']], [400, named['x-request-id']])
})

test('INV-4 INV-9 what only the server knows is refused, and so is everybody who is no enforcer of the system', async () => {
  for (const name of [
    'history',
    'now',
    'effects',
    'triggers',
    'user',
    'attested',
    'network',
    'input',
  ]) {
    const { status, json } = await post(
      '/access/v1/evaluation',
      question('x', { context: { [name]: {} } }),
    )
    assert.deepEqual([status, (json as { code: string }).code], [400, 'authzen.derived'], name)
  }
  const roles = { type: 'instance', id: instance, properties: { roles: ['operator'] } }
  assert.equal((await post('/access/v1/evaluation', question('x', { subject: roles }))).status, 400)
  const as = async (authorization: string) =>
    (await post('/access/v1/evaluation', question('x'), { authorization })).status
  assert.equal(await as('Bearer nothing'), 401)
  assert.equal(await as(`Bearer ${await assertion('pep', otherKey)}`), 401, 'another key')
  assert.equal(await as(`Bearer ${await assertion('nobody', key)}`), 401, 'another name')
  assert.equal(await as(`Bearer ${await assertion('pep', key, { aud: 'https://other' })}`), 401)
  assert.equal(await as(`Bearer ${await assertion('pep', key, { exp: '1h' })}`), 401, 'too long')
  const parts = (await assertion()).split('.')
  const none = Buffer.from('{"alg":"none"}').toString('base64url')
  assert.equal(await as(`Bearer ${none}.${parts[1]}.`), 401, 'no signature')
  const elsewhere = question('x', { resource: { type: 'system', id: 'billing' } })
  const { json } = await post('/access/v1/evaluation', elsewhere)
  assert.equal((json as { code: string }).code, 'enforcer.other_system')
  const many = Array.from({ length: 101 }, () => ({}))
  const bomb = await post('/access/v1/evaluations', { ...question('x'), evaluations: many })
  assert.equal(bomb.status, 400, 'no more than a hundred')
})

test('an instance that is gone, or never was, is nobody', async () => {
  const gone = question('x', {
    subject: { type: 'instance', id: '0192f3c1-0000-7000-8000-000000000000' },
  })
  const { decision, context } = await decide(gone)
  assert.deepEqual([decision, context?.code], [false, 'authenticate.unknown_instance'])
})

test('a revoked enforcer asks no longer', async () => {
  const revoked = await bailiwick.cli(['enforcer', 'revoke', 'pep', '--reason', 'done'])
  assert.equal(revoked.code, 0, revoked.stderr)
  assert.equal((await post('/access/v1/evaluation', question('x'))).status, 401)
})
