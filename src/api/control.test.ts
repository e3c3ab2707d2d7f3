// Holds tests of what every route has in common: Host, Origin, unknown routes, bad bodies, headers, and a real socket.

import assert from 'node:assert/strict'
import { request } from 'node:http'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { Problem } from '../wire/api/problem.ts'
import { CONTROL_HOST, ControlHome, type ControlAsk } from '../../test/fakes/control.ts'

let home: ControlHome
before(async () => {
  home = await ControlHome.open()
})
after(() => home.close())

async function problem(method: string, target: string, ask: ControlAsk = {}): Promise<Problem> {
  const response = await home.ask(method, target, ask)
  const told = Problem.parse(await response.json())
  assert.equal(told.status, response.status)
  assert.match(told.request_id, /^[0-9a-f-]{36}$/)
  return told
}

test('another Host is refused, and an address serves only the probes', async () => {
  const hosts = ['127.0.0.1:7400', 'localhost:7400', 'evil.example', `${CONTROL_HOST}.`, '']
  for (const host of [...hosts, 'bailiwick.localhost', 'bailiwick.localhost:7401']) {
    const told = await problem('GET', '/v1/whoami', { headers: { host } })
    assert.deepEqual([told.status, told.code], [403, 'api.host'], host)
  }
  const probe = (host: string, path: string) =>
    home.control.fetch(new Request(`http://${host}${path}`, { headers: { host } }))
  assert.equal((await probe('127.0.0.1:7400', '/healthz')).status, 200)
  assert.equal((await probe('127.0.0.1:7400', '/readyz')).status, 200)
  assert.equal((await probe('127.0.0.1:7400', '/metrics')).status, 403)
  assert.equal((await probe('evil.example:7400', '/healthz')).status, 403)
})

test('another Origin is refused before anything else is looked at', async () => {
  for (const origin of ['http://evil.example', 'null', `https://${CONTROL_HOST}`, 'file://']) {
    const told = await problem('GET', '/v1/whoami', { headers: { origin } })
    assert.equal(told.code, 'api.origin', origin)
  }
  const headers = { origin: `http://${CONTROL_HOST}` }
  assert.equal((await home.ask('GET', '/v1/whoami', { headers })).status, 200)
})

test('an unknown route names a near one, a wrong method the right ones', async () => {
  assert.match((await problem('GET', '/v1/agent')).detail, /did you mean \/v1\/agents\?/)
  assert.match(
    (await problem('GET', '/v1/agnets/robot/join-tokens')).detail,
    /\/v1\/agents\/\{name\}\/join-tokens/,
  )
  assert.doesNotMatch((await problem('GET', '/wp-login.php')).detail, /did you mean/)
  const wrong = await home.ask('DELETE', '/v1/agents/robot')
  assert.equal(wrong.status, 405)
  assert.equal(wrong.headers.get('allow'), 'GET, PATCH')
})

test('a body is read strictly: INV-12 and INV-10', async () => {
  const at = (body: string, headers = {}) => problem('POST', '/v1/agents', { body, headers })
  assert.equal((await at('{"name":"a","name":"b"}')).code, 'json.duplicate_key')
  assert.equal((await at('{"name":"a","Name":"b"}')).code, 'json.ambiguous_key')
  assert.equal((await at('{"__proto__":{}}')).code, 'json.forbidden_key')
  assert.equal((await at(`${'['.repeat(70)}${']'.repeat(70)}`)).code, 'json.depth')
  assert.equal((await at('{"name":')).code, 'json.syntax')
  assert.equal((await at('{}', { 'content-type': 'text/plain' })).code, 'api.media_type')
  assert.equal(
    (await at('{}', { 'content-type': 'application/x-www-form-urlencoded' })).code,
    'api.media_type',
  )
})

test('what does not fit names the member and what is wrong with it', async () => {
  const told = await problem('POST', '/v1/agents', {
    body: { name: 'No Name', roles: ['ok', 'not ok'], extra: 1 },
  })
  assert.equal(told.code, 'api.invalid')
  const paths = (told.errors ?? []).map((error) => error.path)
  assert.ok(paths.includes('body.name') && paths.includes('body.roles.1'))
  assert.ok(paths.includes('body.purpose'))
  assert.match(told.detail, /body\.name/)
  const query = await problem('GET', '/v1/audit/records?limit=0&limits=1')
  assert.deepEqual(query.errors?.map((error) => error.path).sort(), ['query', 'query.limit'])
  assert.equal((await problem('GET', '/v1/audit/records?limit=1&limit=2')).code, 'api.invalid')
  assert.equal((await problem('GET', '/v1/agents/UPPER')).errors?.[0]?.path, 'path.name')
})

test('a reason without words, and one that could forge a line, is refused', async () => {
  for (const reason of ['', '   ', 'one\ntwo', 'a\u001b[2Jb', 'x'.repeat(501), 'a\u2028b']) {
    const body = { target: { kind: 'everything', name: '' }, reason }
    const told = await problem('POST', '/v1/locks', { body })
    assert.equal(told.errors?.[0]?.path, 'body.reason', JSON.stringify(reason))
  }
})

test('every answer forbids keeping, sniffing and framing', async () => {
  for (const target of ['/healthz', '/v1/whoami', '/nowhere', '/approvals/x']) {
    const { headers } = await home.ask('GET', target)
    assert.equal(headers.get('cache-control'), 'no-store', target)
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.equal(headers.get('x-frame-options'), 'DENY')
    assert.equal(headers.get('referrer-policy'), 'no-referrer')
    assert.equal(headers.get('access-control-allow-origin'), null)
  }
})

test('what nobody foresaw says nothing of itself, and is told to the operator’s log', async () => {
  const people = home.authority.people
  Object.defineProperty(people, 'list', {
    configurable: true,
    value: () => {
      throw new Error('secret inside')
    },
  })
  try {
    const response = await home.ask('GET', '/v1/people')
    const text = await response.text()
    assert.equal(response.status, 500)
    assert.doesNotMatch(text, /secret inside|\.ts/)
    assert.match(String(home.failed.at(-1)), /secret inside/)
  } finally {
    Reflect.deleteProperty(people, 'list')
  }
})

test('over a real socket: proof, host, oversize, slow and broken requests', async () => {
  const { port, close } = await home.control.listen({ host: '127.0.0.1', port: 0 })
  try {
    const ask = (path: string, headers: Record<string, string>, body = '') =>
      new Promise<{ status: number; text: string }>((resolve, reject) => {
        const method = body === '' ? 'GET' : 'POST'
        const sent = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
          response.setEncoding('utf8')
          let text = ''
          response.on('data', (chunk: string) => (text += chunk))
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
        })
        sent.on('error', reject)
        sent.end(body)
      })
    const host = `bailiwick.localhost:${port}`
    const path = '/v1/audit/records?limit=1&type=person.created'
    const read = await ask(path, { host, authorization: home.proof('GET', path) })
    assert.equal(read.status, 200, read.text)
    assert.equal((await ask('/v1/whoami', { host: CONTROL_HOST })).status, 403, 'the old port')
    const body = JSON.stringify({ name: 'over-socket', purpose: 'to be sent over a socket' })
    const made = await ask(
      '/v1/agents',
      {
        host,
        authorization: home.proof('POST', '/v1/agents', body),
        'content-type': 'application/json',
      },
      body,
    )
    assert.equal(made.status, 200, made.text)
    const large = 'x'.repeat(2_000_000)
    const authorization = home.proof('POST', '/v1/agents', large)
    const refused = await ask('/v1/agents', { host, authorization }, large).catch(() => undefined)
    assert.ok(refused === undefined || refused.status === 413)
    const absolute = await raw(
      port,
      `GET http://evil.example/healthz HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    )
    assert.match(absolute, /^HTTP\/1\.1 (?:400|403) /)
    const broken = await raw(port, 'GARBAGE\r\n\r\n')
    assert.match(broken, /^HTTP\/1\.1 400 /)
  } finally {
    await close()
  }
})

function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.setEncoding('utf8')
    socket.once('data', (data: string) => {
      resolve(data)
      socket.destroy()
    })
    socket.once('error', reject)
  })
}
