// Holds AuthZEN end to end: a program of its own that enforces by asking, and everything that it is refused.

import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import type { Bailiwick } from './bailiwick.ts'
import { connect, textOf } from './client.ts'
import { Enforcing, type Decided } from './enforcing.ts'

let at: Enforcing
let bailiwick: Bailiwick
let instance: string
let key: KeyObject
let otherKey: KeyObject
let base: string

before(async () => {
  at = await Enforcing.start()
  ;({ bailiwick, instance, key, base } = at)
  otherKey = generateKeyPairSync('ed25519').privateKey
})

after(() => at[Symbol.asyncDispose]())

const post: Enforcing['ask'] = (...asked) => at.ask(...asked)
const question: Enforcing['question'] = (...asked) => at.question(...asked)
const decide: Enforcing['decide'] = (body) => at.decide(body)

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

/** Asks the example as an agent does that shows its certificate, or as somebody without one. */
function asAgent(url: string, tls: object): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = https.get(url, { ...tls, rejectUnauthorized: false, agent: false }, (answer) => {
      let text = ''
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
    })
    asked.on('error', reject)
  })
}

test('the example of the docs knows agents by their certificates, and does what it is granted', async () => {
  const folder = mkdtempSync(join(bailiwick.home, 'example-'))
  const { ca, cert, key: own } = at.worker.tls()
  writeFileSync(join(folder, 'roots.pem'), ca)
  writeFileSync(join(folder, 'pep.key'), key.export({ type: 'pkcs8', format: 'pem' }))
  const made =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=shop'
  const words = [...made.split(' '), '-keyout', 'tls.key', '-out', 'tls.pem']
  execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' })
  const file = join(import.meta.dirname, '../../examples/enforcing-api.mjs')
  const child = spawn(process.execPath, [file, 'pep', 'probe', '0'], {
    cwd: folder,
    env: { ...process.env, BAILIWICK_CONTROL: base },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const url = line.toString().trim()
    const good = await asAgent(`${url}/?text=hello`, { cert, key: own })
    assert.deepEqual([good.status, good.text], [200, '{"done":"hello"}'])
    const [outcome] = (await bailiwick.records('call.outcome')).slice(-1)
    assert.deepEqual(
      [outcome?.record.body['status'], outcome?.record.body['claimed_by']],
      ['ok', 'pep'],
    )
    const bad = await asAgent(`${url}/?text=secret`, { cert, key: own })
    assert.equal(bad.status, 403)
    assert.match(bad.text, /policy\.denied.*secrets are not echoed/)
    await assert.rejects(asAgent(`${url}/?text=hello`, {}), 'without a certificate nobody gets in')
  } finally {
    child.kill()
  }
})

/** Arguments as agents send them, right and wrong; none that a person is asked about. */
const ARGUMENTS = fc.record(
  {
    text: fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      fc.tuple(fc.string(), fc.string()).map((around) => around.join('secret')),
      fc.integer(),
      fc.constant(null),
      fc.array(fc.string(), { maxLength: 2 }),
    ),
    extra: fc.boolean(),
  },
  { requiredKeys: [] },
)

test('for equal facts the answer is the gateway’s, and so is the reason', async () => {
  const client = await connect(bailiwick, at.worker, 'probe', { era: '2025-11-25' })
  const action = fc.constantFrom('echo', 'echo', 'echo', 'no-such')
  await fc.assert(
    fc.asyncProperty(action, ARGUMENTS, async (name, properties) => {
      fc.pre(!String(properties.text).startsWith('hold'))
      const asked = await decide(question('', { action: { name, properties } }))
      const called = await client.callTool({ name, arguments: properties }).then(
        (result) => (textOf(result) === undefined ? 'no answer' : 'answered'),
        (error: unknown) => String(error),
      )
      if (asked.decision) assert.equal(called, 'answered')
      else
        assert.ok(
          called.includes(asked.context?.code ?? 'none'),
          `${called}: ${asked.context?.code}`,
        )
    }),
    { numRuns: 60, seed: 7 },
  )
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
  const other = await at.register('other-pep', 'probe')
  const bearer = {
    authorization: `Bearer ${await at.assertion({ iss: 'other-pep', sub: 'other-pep' }, other)}`,
  }
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
  assert.equal(await as(`Bearer ${await at.assertion({}, otherKey)}`), 401, 'another key')
  assert.equal(
    await as(`Bearer ${await at.assertion({ iss: 'nobody', sub: 'nobody' }, key)}`),
    401,
    'another name',
  )
  assert.equal(await as(`Bearer ${await at.assertion({ aud: 'https://other' })}`), 401)
  assert.equal(
    await as(`Bearer ${await at.assertion({ exp: Math.floor(Date.now() / 1000) + 3_600 })}`),
    401,
    'too long',
  )
  const parts = (await at.assertion()).split('.')
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
