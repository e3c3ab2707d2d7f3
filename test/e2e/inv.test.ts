// Holds the invariants end to end, each on a whole Bailiwick with a real upstream that writes down what reaches it.

import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { connect as tlsConnect } from 'node:tls'
import { test } from 'node:test'
import { Agent, request } from 'undici'
import { ROUTES } from '../../src/api/access.ts'
import type { Holder } from '../../src/cli/identity/holder.ts'
import { InstancesAnswer } from '../../src/wire/api/instance.ts'
import { Bailiwick, testServer } from './bailiwick.ts'
import { legacy, send, type Answer } from './client.ts'
import { until } from './until.ts'

const SECRET = 'tok-9f2c4e71b0d84a55'

function journalOf(bailiwick: Bailiwick): string {
  return join(bailiwick.home, 'journal')
}

function journalled(bailiwick: Bailiwick): string[] {
  return readFileSync(journalOf(bailiwick), 'utf8').split('\n').slice(0, -1)
}

async function open(effects?: Record<string, 'read'[]>): Promise<Bailiwick> {
  const bailiwick = await Bailiwick.start()
  writeFileSync(journalOf(bailiwick), '')
  await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', journalOf(bailiwick)), {
    secrets: { PROBE_TOKEN: SECRET },
    ...(effects !== undefined && { effects }),
  })
  await bailiwick.agent('worker', ['worker'])
  return bailiwick
}

function call(
  bailiwick: Bailiwick,
  holder: Holder,
  name: string,
  args: Readonly<Record<string, unknown>> = {},
): Promise<Answer> {
  return send(bailiwick, holder, legacy('tools/call', { name, arguments: args }))
}

test('INV-1 the upstream observes nothing while the audit log cannot be written', async () => {
  await using bailiwick = await open()
  await bailiwick.apply(
    `@id("w") @without("task") permit (principal in Role::"worker", action, resource);`,
  )
  const holder = await bailiwick.enrol('worker')
  assert.equal((await call(bailiwick, holder, 'echo', { text: 'recorded' })).status, 200)
  rmSync(join(bailiwick.home, 'spool'), { recursive: true })
  for (let i = 0; i < 3; i++) {
    const answer = await call(bailiwick, holder, 'echo', { text: `unrecorded ${i}` })
    assert.deepEqual([answer.rpc, answer.code], [-32013, 'audit.unavailable'], answer.text)
  }
  assert.deepEqual(journalled(bailiwick), ['echo recorded'])
  await assert.rejects(bailiwick.lock('agent', 'worker'), { code: 'audit.unavailable' })
  await assert.rejects(bailiwick.joinToken('worker'), { code: 'audit.unavailable' })
})

test('INV-2 what no policy permits, what a policy errs about, and what nobody labelled is denied and recorded', async () => {
  await using bailiwick = await open({ echo: ['read'] })
  const holder = await bailiwick.enrol('worker')
  const denied = async (name: string, args: Record<string, unknown>): Promise<void> => {
    const answer = await call(bailiwick, holder, name, args)
    assert.deepEqual([answer.rpc, answer.code], [-32010, 'policy.denied'], answer.text)
    const [record] = (await bailiwick.records('call.denied')).slice(-1)
    assert.deepEqual([record?.record.action, record?.record.agent], [name, 'worker'])
  }
  await denied('echo', { text: 'before any policy' })
  await bailiwick.apply('')
  await denied('echo', { text: 'with no policy for it' })
  const permit = `@id("w") @without("task") permit (principal in Role::"worker", action, resource);`
  await bailiwick.apply(
    `${permit} @id("destroys") forbid (principal, action in Action::"effect:destructive", resource);`,
  )
  await denied('count', { n: 1 })
  assert.equal((await call(bailiwick, holder, 'echo', { text: 'labelled' })).status, 200)
  await bailiwick.apply(
    `${permit} @id("sums") forbid (principal, action == Action::"probe/count", resource)
       when { context.input.n + 9223372036854775807 < 0 };`,
  )
  await denied('count', { n: 1 })
  await bailiwick.apply(
    `@id("sums") @without("task") permit (principal in Role::"worker", action == Action::"probe/count", resource)
       when { context.input.n + 9223372036854775807 > 0 };`,
  )
  await denied('count', { n: 1 })
  assert.equal((await call(bailiwick, holder, 'count', { n: -1 })).status, 200)
  assert.deepEqual(journalled(bailiwick), ['echo labelled', 'count -1'])
})

test('INV-3 a secret of a system reaches no agent, no record, no log and no file in clear', async () => {
  await using bailiwick = await open()
  await bailiwick.apply(
    `@id("w") @without("task") permit (principal in Role::"worker", action, resource);`,
  )
  const holder = await bailiwick.enrol('worker')
  const answer = await call(bailiwick, holder, 'secret')
  assert.equal(answer.status, 200)
  assert.ok(answer.text.includes('[secret removed by bailiwick]'), answer.text)
  assert.ok(!answer.text.includes(SECRET))
  const names = /the rest ([\w,]*)/.exec(answer.text)?.[1]?.split(',') ?? []
  const scrubbed = ['HOME', 'PATH', 'PROBE_TOKEN', 'TMPDIR']
  assert.deepEqual(names.filter((name) => !/^(LANG|LC_|TZ|SSL_)/.test(name)).sort(), scrubbed)
  await bailiwick.verify()
  const shown = await bailiwick.cli(['system', 'show', 'probe', '-o', 'json'])
  assert.ok(shown.stdout.includes('PROBE_TOKEN') && !shown.stdout.includes(SECRET))
  const forms = [SECRET, Buffer.from(SECRET).toString('base64').replace(/=+$/, '')]
  let looked = 0
  for (const file of globSync('**/*', { cwd: bailiwick.home })) {
    const path = join(bailiwick.home, file)
    if (!statSync(path).isFile()) continue
    looked++
    const bytes = readFileSync(path)
    for (const form of forms) assert.ok(!bytes.includes(form), `${file} holds the secret`)
  }
  assert.ok(looked >= 10)
  assert.ok(!bailiwick.server.stderr.includes(SECRET) && !bailiwick.server.stdout.includes(SECRET))
})

test('INV-4 an agent does only what its person may as well, and nothing for nobody unless both say so', async () => {
  await using bailiwick = await open()
  const agents = `@id("w") @without("task") permit (principal in Role::"worker", action, resource);`
  await bailiwick.apply(
    agents,
    `@id("p") permit (principal is Person in Role::"operator", action == Action::"probe/count", resource);`,
  )
  const holder = await bailiwick.enrol('worker')
  assert.equal((await call(bailiwick, holder, 'count', { n: 1 })).status, 200)
  assert.equal((await call(bailiwick, holder, 'echo', { text: 'x' })).code, 'policy.denied')
  await assert.rejects(bailiwick.joinToken('worker', true), { code: 'identity.attended' })
  await bailiwick.agent('nightly', [], true)
  const alone = await bailiwick.enrol('nightly', true)
  assert.equal((await call(bailiwick, alone, 'count', { n: 2 })).code, 'policy.denied')
  assert.deepEqual(journalled(bailiwick), ['count 1'])
})

test('INV-8 being on this machine is no identity, and no document lives over an hour', async () => {
  await using bailiwick = await open()
  const holder = await bailiwick.enrol('worker')
  const { notBefore, notAfter } = holder.identity
  // A minute for clocks that differ stands before the beginning.
  assert.ok(notAfter - notBefore <= 61 * 60_000)
  const { ca, checkServerIdentity } = holder.tls()
  const nobody = new Agent({ connect: { ca, checkServerIdentity } })
  const { headers, body } = legacy('tools/list')
  const response = await request(`${bailiwick.gatewayUrl}/mcp/probe`, {
    dispatcher: nobody,
    method: 'POST',
    headers: {
      ...headers,
      'content-type': 'application/json',
      'x-forwarded-client-cert': holder.tls().cert!.replaceAll('\n', ' '),
      authorization: 'Bearer anything',
      'x-forwarded-for': '127.0.0.1',
    },
    body,
  })
  const problem = (await response.body.json()) as { code: string }
  assert.deepEqual([response.statusCode, problem.code], [401, 'token.unknown'])
  await nobody.close()
  const twin = await bailiwick.enrol('worker')
  assert.notEqual(twin.tls().key, holder.tls().key)
  assert.notEqual(twin.identity.instance, holder.identity.instance)
  const before = holder.tls().key
  await holder.renew()
  assert.notEqual(holder.tls().key, before, 'a renewed document is for another key')
})

test('INV-9 an agent’s certificate opens no route of control, and on identity only what continues or ends itself', async () => {
  await using bailiwick = await open()
  const holder = await bailiwick.enrol('worker')
  const { cert, key } = holder.tls()
  const { port, host } = { port: bailiwick.controlPort, host: '127.0.0.1' }
  const ask = (method: string, path: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = {
        host: `bailiwick.localhost:${port}`,
        authorization: 'Bearer agent',
        'client-cert': `:${Buffer.from(cert!).toString('base64')}:`,
        'x-client-cert': encodeURIComponent(cert!),
        ...(method !== 'GET' && { 'content-type': 'application/json' }),
      }
      const asked = httpRequest({ host, port, method, path, headers }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0))
      })
      asked.on('error', reject)
      asked.end(method === 'GET' ? undefined : '{"reason":"mine"}')
    })
  let closed = 0
  for (const [route, access] of Object.entries(ROUTES)) {
    if (access === 'nobody') continue
    closed++
    const [method, template] = route.split(' ') as [string, string]
    const path = template
      .replace('{name}', 'worker')
      .replace('{id}', holder.identity.instance)
      .replace('{index}', '0')
    // Pages for people who are signed in lead to signing in, and take nothing from elsewhere.
    const refusals = access === 'session' ? [303, 401, 403] : [401]
    assert.ok(refusals.includes(await ask(method, path)), route)
    // The gateway serves no such thing either, to whom it knows.
    const there = await request(`${bailiwick.gatewayUrl}${path}`, {
      dispatcher: holder.dispatcher(),
      method: method as 'GET',
      headers: { 'content-type': 'application/json' },
      body: method === 'GET' ? null : '{}',
    })
    const { code } = (await there.body.json()) as { code: string }
    assert.deepEqual([there.statusCode, code], [404, 'http.path'], route)
  }
  assert.ok(closed >= 25)
  // The control listener speaks no TLS: there is nothing to show a certificate to.
  const socket = tlsConnect({ host, port, cert, key, rejectUnauthorized: false })
  await new Promise((resolve) => socket.once('error', resolve))
  const known = new Agent({ connect: { ...holder.tls(), checkServerIdentity: () => undefined } })
  for (const path of ['/v1/agents', '/v1/locks', '/v1/approvals', '/v1/enroll']) {
    const answer = await request(`${bailiwick.identityUrl}${path}`, {
      dispatcher: known,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    assert.ok(answer.statusCode >= 400, path)
    await answer.body.dump()
  }
  await known.close()
  const { instances } = await bailiwick.control.get('/v1/instances', InstancesAnswer)
  assert.deepEqual(
    instances.map(({ id }) => id),
    [holder.identity.instance],
    'and it is still live',
  )
})

test('INV-12 what goes upstream is what was sent, to the digit', async () => {
  await using bailiwick = await Bailiwick.start()
  await bailiwick.pin('raw', testServer('fakes/upstream.ts', '2025-11-25'))
  await bailiwick.apply(
    `@id("w") @without("task") permit (principal in Role::"worker", action, resource);`,
  )
  await bailiwick.agent('worker', ['worker'])
  const holder = await bailiwick.enrol('worker')
  const value = `{"whole":9007199254740993,"exact":1.0,"tiny":1e-400,"huge":1E+400,"zero":-0,"list":[0.10,2.50],"text":"\\u2028é😀\\\\\\"","empty":{}}`
  const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"args","_meta":{"x":1},"arguments":{"value":${value}}}}`
  const answer = await send(bailiwick, holder, {
    path: '/mcp/raw',
    headers: legacy('tools/call').headers,
    body,
  })
  assert.deepEqual([answer.status, answer.rpc], [200, undefined], answer.text)
  const { result } = JSON.parse(answer.text) as { result: { content: { text: string }[] } }
  const arrived = result.content[0]!.text
  const expected = `{"value":${value}}`
  assert.ok(arrived.startsWith(expected), `${arrived}\n${expected}`)
  assert.ok(!arrived.includes('"x":1'), 'the caller’s own _meta stays here')
  for (const [text, code] of [
    ['{"value":1,"value":2}', 'json.duplicate_key'],
    ['{"value":1,"Value":2}', 'json.ambiguous_key'],
    ['{"value":1,"\\u0056alue":2}', 'json.ambiguous_key'],
    ['{"value":{"\\u00e9":1,"e\\u0301":2}}', 'json.ambiguous_key'],
  ] as const) {
    const refused = await send(bailiwick, holder, {
      path: '/mcp/raw',
      headers: legacy('tools/call').headers,
      body: body.replace(`{"value":${value}}`, text),
    })
    assert.deepEqual([refused.status, refused.code], [400, code], text)
  }
})

test('INV-13 a row that was written by hand is no authority, and stops everything until a person has looked', async () => {
  await using bailiwick = await open()
  await bailiwick.apply(
    `@id("c") @without("task") permit (principal in Role::"chief", action == Action::"probe/echo", resource);`,
  )
  const holder = await bailiwick.enrol('worker')
  assert.equal((await call(bailiwick, holder, 'echo', { text: 'a' })).code, 'policy.denied')
  await bailiwick.stop()
  const edit = `update agents set doc = replace(doc, '"worker"]', '"chief"]')`
  assert.equal(await bailiwick.rows.edit(edit), 1)
  await bailiwick.serve()
  const answer = await call(bailiwick, holder, 'echo', { text: 'b' })
  assert.ok(
    ['admit.locked', 'authenticate.unknown_certificate'].includes(String(answer.code)),
    answer.text,
  )
  const locks = await bailiwick.cli(['lock', 'ls', '-o', 'json'])
  assert.match(locks.stdout, /"integrity"/)
  const refusals = await until('the record', async () => {
    const found = await bailiwick.records('authority.refused_rows')
    return found.length > 0 && found
  })
  assert.equal(refusals.length, 1)
  await bailiwick.unlock('integrity')
  const after = await call(bailiwick, holder, 'echo', { text: 'c' })
  assert.notEqual(after.status === 200 && after.rpc === undefined, true, after.text)
  assert.deepEqual(journalled(bailiwick), [])
  assert.ok(existsSync(journalOf(bailiwick)))
})
