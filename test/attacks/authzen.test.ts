// Holds attacks on the AuthZEN surface: by strangers, by agents, and by an enforcer that wants more than its own.

import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { SignJWT } from 'jose'
import { testServer } from '../e2e/bailiwick.ts'
import { codeOf, Enforcing } from '../e2e/enforcing.ts'

const EVALUATION = '/access/v1/evaluation'

let at: Enforcing

before(async () => {
  at = await Enforcing.start()
  const [journal, tap] = [join(at.bailiwick.home, 'journal'), join(at.bailiwick.home, 'tap')]
  await at.bailiwick.pin('other', testServer('fakes/sdk-upstream.ts', journal, tap))
})

after(() => at[Symbol.asyncDispose]())

async function statusWith(bearer: string): Promise<number> {
  const headers = { authorization: `Bearer ${bearer}` }
  return (await at.ask(EVALUATION, at.question('x'), headers)).status
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

test('INV-9 an assertion is good for exactly what it is: its key, its name, this decision point, now', async () => {
  const now = Math.floor(Date.now() / 1000)
  for (const claims of [
    { iss: 'nobody', sub: 'nobody' },
    { iss: 'pep', sub: 'other' },
    { iss: '__proto__', sub: '__proto__' },
    { iss: '', sub: '' },
    { aud: 'https://elsewhere.example' },
    { aud: `${at.base}/` },
    { aud: [at.base, 'https://elsewhere.example'] },
    { aud: [] },
    { exp: now - 1 },
    { exp: now + 3_600 },
    { exp: now + 1e15 },
    { exp: -1 },
    { iat: now + 600 },
    { nbf: now + 600 },
    { typ: 'at+jwt' },
    { typ: 'bailiwick-grant+jwt' },
    { typ: 'dpop+jwt' },
  ]) {
    assert.equal(await statusWith(await at.assertion(claims)), 401, JSON.stringify(claims))
  }
  const endless = new SignJWT({ iss: 'pep', sub: 'pep', aud: at.base })
  assert.equal(
    await statusWith(await endless.setProtectedHeader({ alg: 'EdDSA' }).sign(at.key)),
    401,
  )
  assert.equal(await statusWith(await at.assertion({ aud: [at.base] })), 200, 'as it should be')
})

test('INV-9 no algorithm but that of the registered key signs an assertion', async () => {
  const [header = '', payload = '', signature = ''] = (await at.assertion()).split('.')
  const pem = at.key.export({ type: 'pkcs8', format: 'pem' })
  const hs = encoded({ alg: 'HS256', typ: 'JWT' })
  const mac = createHmac('sha256', pem).update(`${hs}.${payload}`).digest('base64url')
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  for (const [what, forged] of [
    ['none', `${encoded({ alg: 'none', typ: 'JWT' })}.${payload}.`],
    ['no signature', `${header}.${payload}.`],
    ['a shared secret', `${hs}.${payload}.${mac}`],
    ['another algorithm in its header', `${encoded({ alg: 'ES256' })}.${payload}.${signature}`],
    ['a key of its own', await at.assertion({ alg: 'ES256' }, stranger)],
    [
      'a key in its header',
      await new SignJWT({ iss: 'pep', sub: 'pep', aud: at.base })
        .setProtectedHeader({ alg: 'ES256', jwk: { kty: 'EC' }, jku: 'https://evil.example' })
        .setExpirationTime('1m')
        .sign(stranger),
    ],
    ['other claims', `${header}.${encoded({ iss: 'pep', sub: 'pep', aud: at.base })}.${signature}`],
    ['two parts', `${header}.${payload}`],
    ['very long', `${header}.${payload}.${'A'.repeat(9_000)}`],
  ] as const) {
    assert.equal(await statusWith(forged), 401, what)
  }
})

test('INV-9 what agents and people show opens nothing here, and an assertion nothing there', async () => {
  const joinToken = await at.bailiwick.joinToken('worker')
  const { headers } = await at.ask(EVALUATION, at.question('x'), { authorization: '' })
  assert.equal(headers['www-authenticate'], 'Bearer')
  for (const authorization of [
    `Bearer ${joinToken}`,
    `DPoP ${await at.assertion()}`,
    `Operator ${await at.assertion()}`,
    `Basic ${Buffer.from('pep:pep').toString('base64')}`,
    `Bearer ${await at.assertion()} ${await at.assertion()}`,
    `Bearer ${await at.grant('as a credential')}`,
  ]) {
    const { status } = await at.ask(EVALUATION, at.question('x'), { authorization })
    assert.equal(status, 401, authorization.slice(0, 12))
  }
  for (const path of ['/v1/agents', '/v1/enforcers', '/v1/policies', '/v1/audit/records']) {
    assert.equal((await at.ask(path)).status, 401, path)
  }
  for (const kind of ['subject', 'resource', 'action']) {
    const { status, json } = await at.ask(`/access/v1/search/${kind}`, at.question('x'))
    assert.equal(status, 401, kind)
    assert.ok(!JSON.stringify(json).includes(at.instance), 'nothing is told')
  }
})

test('INV-4 an enforcer decides about its own systems alone, and does not learn which others there are', async () => {
  for (const body of [
    at.question('x', { resource: { type: 'system', id: 'other' } }),
    at.question('x', { resource: { type: 'system', id: 'no-such' } }),
  ]) {
    const heard = await at.ask(EVALUATION, body)
    assert.deepEqual([heard.status, codeOf(heard)], [403, 'enforcer.other_system'])
    const { detail } = heard.json as { detail: string }
    assert.equal(detail, 'the enforcer is not registered for the system that is asked about')
  }
  for (const id of ['Probe', 'probe ', 'pro\u200bbe', 'рrobe', 'probe/echo', '*', '__proto__']) {
    const { status } = await at.ask(
      EVALUATION,
      at.question('x', { resource: { type: 'system', id } }),
    )
    assert.equal(status, 403, id)
  }
})

test('INV-4 what only the server knows is refused wherever it is said', async () => {
  const names = [
    'history',
    'now',
    'effects',
    'triggers',
    'user',
    'attested',
    'network',
    'task',
    'roles',
    'delegation',
    'scopes',
    'input',
    'unseen',
    'labels',
    'approval',
    'taskless',
  ]
  for (const name of names) {
    const said = { [name]: 'x' }
    const parts = [
      { context: said },
      { resource: { type: 'system', id: 'probe', properties: said } },
      ...(name === 'task'
        ? []
        : [{ subject: { type: 'instance', id: at.instance, properties: said } }]),
    ]
    for (const part of parts) {
      const heard = await at.ask(EVALUATION, at.question('x', part))
      assert.deepEqual(
        [heard.status, codeOf(heard)],
        [400, 'authzen.derived'],
        JSON.stringify(part),
      )
    }
    const [inside] = await at.decideAll(at.question('x', { evaluations: [{ context: said }] }))
    assert.equal(inside?.decision, false, `${name}, in one of many`)
  }
})

test('INV-4 a task that it does not work on, and names that look like the instance, are nobody’s', async () => {
  const task = { task: '0192f3c1-0000-7000-8000-000000000000' }
  const subject = { type: 'instance', id: at.instance, properties: task }
  assert.equal((await at.decide(at.question('x', { subject }))).decision, false)
  for (const id of [
    'worker',
    at.instance.toUpperCase(),
    `${at.instance} `,
    `spiffe://elsewhere.example/agent/worker/${at.instance}`,
    at.worker.identity.spiffeId.replace('/worker/', '/other/'),
    '../',
  ]) {
    const heard = await at.ask(EVALUATION, at.question('x', { subject: { type: 'instance', id } }))
    const { decision } = heard.json as { decision?: boolean }
    assert.ok(heard.status === 400 || decision === false, id)
  }
  const own = { type: 'instance', id: at.worker.identity.spiffeId }
  assert.equal((await at.decide(at.question('x', { subject: own }))).decision, true)
  for (const type of ['agent', 'user', 'Instance', 'person']) {
    const heard = await at.ask(EVALUATION, at.question('x', { subject: { type, id: at.instance } }))
    assert.equal(heard.status, 400, type)
  }
})

test('bombs of size, depth and number are refused, and the surface goes on', async () => {
  const many = { ...at.question('x'), evaluations: Array.from({ length: 101 }, () => ({})) }
  assert.equal((await at.ask('/access/v1/evaluations', many)).status, 400)
  const deep = `{"context":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}}`
  assert.equal((await at.ask(EVALUATION, deep)).status, 400)
  const large = at.question('x'.repeat(1_100_000))
  assert.equal((await at.ask(EVALUATION, large)).status, 413)
  const twice = JSON.stringify(at.question('x')).replace('{', '{"subject":{},')
  assert.equal((await at.ask(EVALUATION, twice)).status, 400)
  const proto = `{"__proto__":${JSON.stringify(at.question('x'))}}`
  assert.equal((await at.ask(EVALUATION, proto)).status, 400)
  const polluted = JSON.stringify(at.question('x')).replace('"text"', '"__proto__"')
  assert.notEqual(
    ((await at.ask(EVALUATION, polluted)).json as { decision: boolean }).decision,
    true,
  )
  assert.equal((await at.decide(at.question('still here'))).decision, true)
})

test('INV-4 arguments that the pinned definition does not have are denied, as at the gateway', async () => {
  for (const properties of [{}, { text: 1 }, { text: ['x'] }, { text: 'x', extra: true }]) {
    const action = { name: 'echo', properties }
    assert.equal((await at.decide(at.question('', { action }))).decision, false)
  }
  for (const name of ['no-such', 'Echo', 'echo ', '__proto__']) {
    const action = { name, properties: { text: 'x' } }
    assert.equal((await at.decide(at.question('', { action }))).decision, false, name)
  }
})

test('INV-1 what is permitted is recorded before it is answered, without what it was about', async () => {
  const { context } = await at.decide(at.question('a-very-private-word'))
  const [intent] = (await at.bailiwick.records('call.intent')).slice(-1)
  assert.equal(intent?.record.call, context?.id)
  assert.ok(!JSON.stringify(intent).includes('a-very-private-word'))
})

test('INV-6 a grant that nobody here signed, or that was changed, is worth nothing', async () => {
  const [header = '', payload = '', signature = ''] = (await at.grant('original')).split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as {
    granted: Record<string, string>
  }
  const other = encoded({ ...claims, granted: { ...claims.granted, action: 'work' } })
  const own = new SignJWT({ ...claims }).setProtectedHeader({
    alg: 'EdDSA',
    typ: 'bailiwick-grant+jwt',
  })
  for (const forged of [
    `${header}.${other}.${signature}`,
    `${header}.${payload}.`,
    `${encoded({ alg: 'none', typ: 'bailiwick-grant+jwt' })}.${payload}.`,
    await own.sign(at.key),
    await at.assertion(),
    'x',
  ]) {
    const heard = await at.burn(forged)
    assert.deepEqual([heard.status, codeOf(heard)], [400, 'grant.invalid'])
  }
  assert.equal((await at.burn(`${header}.${payload}.${signature}`)).status, 200)
})

test('INV-6 one grant lets one call run, whoever races, and each of many has its own', async () => {
  const grant = await at.grant('race')
  const races = await Promise.all(Array.from({ length: 16 }, () => at.burn(grant)))
  assert.equal(races.filter(({ status }) => status === 200).length, 1)
  const all = await at.decideAll(at.question('many', { evaluations: [{}, {}, {}] }))
  const grants = new Set(all.map(({ context }) => context?.grant?.token))
  assert.equal(grants.size, 3)
})

test('INV-6 what was not burnt was not executed, and what is said not to be executed can no more be', async () => {
  const tell = (grant: string, status: string) =>
    at.ask('/access/v1/grants/outcome', { grant, status })
  const unburnt = await at.grant('never burnt')
  for (const status of ['ok', 'error', 'unknown']) {
    assert.equal(codeOf(await tell(unburnt, status)), 'grant.void', status)
  }
  assert.equal((await tell(unburnt, 'not_executed')).status, 200)
  assert.equal(codeOf(await at.burn(unburnt)), 'grant.used')
  assert.equal(codeOf(await tell(unburnt, 'ok')), 'grant.used')
  const burnt = await at.grant('burnt')
  assert.equal((await at.burn(burnt)).status, 200)
  const told = await Promise.all(['ok', 'ok', 'error'].map((status) => tell(burnt, status)))
  assert.equal(told.filter(({ status }) => status === 200).length, 1, 'once')
  assert.equal((await tell(burnt, 'fine')).status, 400)
})

test('INV-6 what was agreed for these arguments is not for others', async () => {
  await at.decide(at.question('hold this one'))
  const { id } = await at.bailiwick.held()
  const said = ['approval', 'approve', id, '--reason', 'fine', '--yes']
  assert.equal((await at.bailiwick.cli(said)).code, 0)
  const other = await at.decide(at.question('hold this other one'))
  assert.deepEqual([other.decision, other.context?.code], [false, 'approval.pending'])
  assert.equal((await at.decide(at.question('hold this one'))).decision, true)
  assert.equal((await at.decide(at.question('hold this one'))).decision, false, 'it is used up')
})

test('INV-6 an enforcer cannot burn what another was given, and nothing once it is revoked', async () => {
  const key = await at.register('second', 'probe')
  const authorization = `Bearer ${await at.assertion({ iss: 'second', sub: 'second' }, key)}`
  const grant = await at.grant('mine')
  assert.equal(codeOf(await at.burn(grant, { authorization })), 'grant.other')
  assert.equal((await at.burn(grant)).status, 200)
  const own = await at.ask(EVALUATION, at.question('theirs'), { authorization })
  const { token } = (own.json as { context: { grant: { token: string } } }).context.grant
  const words = ['enforcer', 'revoke', 'second', '--reason', 'stolen']
  assert.equal((await at.bailiwick.cli(words)).code, 0)
  assert.equal((await at.burn(token, { authorization })).status, 401)
  assert.equal(codeOf(await at.burn(token)), 'grant.other')
})

test('INV-13 an enforcer that was revoked stays so over a restart, and its name is not given again', async () => {
  const key = await at.register('third', 'probe')
  const words = ['enforcer', 'revoke', 'third', '--reason', 'stolen']
  assert.equal((await at.bailiwick.cli(words)).code, 0)
  await at.bailiwick.stop('SIGKILL')
  await at.bailiwick.serve()
  assert.equal(await statusWith(await at.assertion({ iss: 'third', sub: 'third' }, key)), 401)
  await assert.rejects(at.register('third', 'probe'), /enforcer\.exists|there is an enforcer/)
})

test('INV-2 a grant is void after a lock, after other policies, and for an agent that is suspended', async () => {
  const before = await at.grant('before the lock')
  const { id } = await at.bailiwick.lock('system', 'probe')
  assert.equal(codeOf(await at.burn(before)), 'grant.void')
  assert.equal((await at.decide(at.question('x'))).decision, false)
  await at.bailiwick.unlock(id)
  const old = await at.grant('before other policies')
  const tighter = `@id("workers") @without("task") permit (principal in Role::"worker", action == Action::"probe/echo", resource);`
  await at.bailiwick.apply(tighter)
  assert.equal(codeOf(await at.burn(old)), 'grant.void')
  const early = await at.grant('before the suspension')
  const words = ['agent', 'update', 'worker', '--state', 'suspended', '--reason', 'a test']
  const suspended = await at.bailiwick.cli(words)
  assert.equal(suspended.code, 0, suspended.stderr)
  assert.equal(codeOf(await at.burn(early)), 'grant.void')
  assert.equal((await at.decide(at.question('x'))).decision, false)
})
