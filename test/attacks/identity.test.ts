// Holds attacks on identity: forged, replayed, unrecorded and borrowed credentials, impostors, and bodies made to hurt.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { KeyObject } from 'node:crypto'
import { createServer } from 'node:https'
import { connect as connectPlain, type AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { connect } from 'node:tls'
import { test } from 'node:test'
import { Agent, request } from 'undici'
import { ROUTES } from '../../src/api/identity/routes.ts'
import {
  issueRoot,
  issuer,
  issueServer,
  issueSvid,
  leafValidity,
} from '../../src/authority/identity/certificate.ts'
import { Holder } from '../../src/cli/identity/holder.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { pem } from '../../src/std/pem.ts'
import type { IssuedIdentity } from '../../src/wire/identity.ts'
import { PERSON } from '../fakes/district.ts'
import { fakeRequest, fakeSigner, FakeTimer, p256, spkiOf } from '../fakes/identity.ts'
import { serve, type Served } from '../fakes/served.ts'

const HOUR = 3_600_000

interface Credential {
  readonly key: KeyObject
  readonly cert: string
}

interface Enrolled extends Credential {
  readonly issued: IssuedIdentity
}

const keyPem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()

async function token(district: Served): Promise<string> {
  return (await district.identities.issueJoinToken({ agent: 'night-watch', by: PERSON })).token
}

async function enrol(district: Served): Promise<Enrolled> {
  const key = p256()
  const csr = fakeRequest(key)
  const issued = await district.identities.enrol({ token: await token(district), csr })
  return { key, cert: issued.certificates, issued }
}

/** One request, as bytes, with or without a client certificate. */
async function send(
  district: Served,
  path: string,
  options: {
    readonly as?: Credential
    readonly body?: string | Uint8Array | Readable
    readonly type?: string
    readonly method?: 'GET' | 'POST' | 'PUT'
  } = {},
): Promise<{ status: number; code: string | undefined; text: string; type: string }> {
  const { as, body, type = 'application/json', method = 'POST' } = options
  const client = as === undefined ? {} : { key: keyPem(as.key), cert: as.cert }
  const dispatcher = new Agent({ connect: { ca: district.root.pem, ...client } })
  try {
    const response = await request(
      `${district.url.replace('bailiwick.localhost', '127.0.0.1')}${path}`,
      {
        dispatcher,
        method,
        headers: { 'content-type': type },
        body: method === 'GET' ? null : (body ?? '{}'),
      },
    )
    const text = await response.body.text()
    const answer = JSON.parse(text) as { code?: string }
    return {
      status: response.statusCode,
      code: answer.code,
      text,
      type: String(response.headers['content-type']),
    }
  } finally {
    await dispatcher.destroy()
  }
}

const renewal = (): string => JSON.stringify({ csr: fakeRequest(p256()) })

/** Something else that listens where the identity listener should, and counts what it is told. */
async function impostor(credential: {
  key: string
  cert: string
}): Promise<{ url: string; heard: () => number } & AsyncDisposable> {
  let heard = 0
  const server = createServer({ ...credential, minVersion: 'TLSv1.3' }, (incoming, response) => {
    heard++
    incoming.resume()
    response.end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard: () => heard,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function enrolAt(district: Served, url: string, joinToken: string): Promise<Holder> {
  const ports = { clock: district.clock, timer: new FakeTimer(), entropy: systemEntropy }
  return Holder.enrol({ identityUrl: url, joinToken, ...ports })
}

test('no impostor of the identity listener is ever told the join token', async () => {
  await using district = await serve()
  const now = district.clock.now()
  const joinToken = await token(district)
  const key = p256()
  const other = issuer('bailiwick.test', fakeSigner('ES256'), systemEntropy)
  const otherRoot = issueRoot(other, { notBefore: now - HOUR, notAfter: now + HOUR })
  const of = { role: 'identity' as const, publicKey: spkiOf(key) }
  const forged = pem('CERTIFICATE', issueServer(other, of, leafValidity(now, HOUR)))
  const svid = await enrol(district)
  const gateway = issueServer(
    district.root.issuer,
    { role: 'gateway', publicKey: spkiOf(key) },
    leafValidity(now, HOUR),
  )
  for (const [who, credential] of [
    ['another authority', { key: keyPem(key), cert: forged + pem('CERTIFICATE', otherRoot) }],
    ['another authority showing our root', { key: keyPem(key), cert: forged + district.root.pem }],
    ['an instance of ours', { key: keyPem(svid.key), cert: svid.cert + district.root.pem }],
    [
      'another listener of ours',
      { key: keyPem(key), cert: pem('CERTIFICATE', gateway) + district.root.pem },
    ],
  ] as const) {
    await using fake = await impostor(credential)
    await assert.rejects(
      enrolAt(district, fake.url, joinToken),
      { code: 'holder.wrong_authority' },
      who,
    )
    assert.equal(fake.heard(), 0, who)
  }
  const holder = await enrolAt(district, district.url, joinToken)
  await holder.close()
})

test('a join token of another authority is not sent here, nor taken here', async () => {
  await using district = await serve()
  await using elsewhere = await serve()
  const foreign = await token(elsewhere)
  await assert.rejects(enrolAt(district, district.url, foreign), {
    code: 'holder.wrong_authority',
  })
  const body = JSON.stringify({ token: foreign, csr: fakeRequest(p256()) })
  const answer = await send(district, '/v1/enroll', { body })
  assert.deepEqual([answer.status, answer.code], [401, 'join_token.unknown'])
})

test('INV-8 a join token replayed over the network, fifty at once, enrols one instance', async () => {
  await using district = await serve()
  const text = await token(district)
  const answers = await Promise.all(
    Array.from({ length: 50 }, () =>
      send(district, '/v1/enroll', {
        body: JSON.stringify({ token: text, csr: fakeRequest(p256()) }),
      }),
    ),
  )
  assert.equal(answers.filter(({ status }) => status === 200).length, 1)
  assert.equal(answers.filter(({ code }) => code === 'join_token.reused').length, 49)
  assert.equal(district.refused.filter((kind) => kind === 'join_token.reused').length, 49)
  assert.equal(district.audit.types().filter((type) => type === 'join_token.reused').length, 1)
  assert.equal(district.identities.list().length, 1)
})

test('renewing without a certificate, with a forged one, or with one that nobody recorded', async () => {
  await using district = await serve()
  const { issued } = await enrol(district)
  const now = district.clock.now()
  const key = p256()
  const of = { agent: 'night-watch', instance: issued.instance, publicKey: spkiOf(key) }
  const other = issuer('bailiwick.test', fakeSigner('ES256'), systemEntropy)
  const forged = pem('CERTIFICATE', issueSvid(other, of, leafValidity(now, HOUR)))
  const unrecorded = issueSvid(district.root.issuer, of, leafValidity(now, HOUR))
  const as = (cert: string): Credential => ({ key, cert })
  for (const [options, code] of [
    [{}, 'identity.client_certificate'],
    [{ as: as(forged) }, 'identity.client_certificate'],
    [{ as: as(pem('CERTIFICATE', unrecorded)) }, 'identity.unrecognised'],
  ] as const) {
    const answer = await send(district, '/v1/renew', { ...options, body: renewal() })
    assert.deepEqual([answer.status, answer.code], [401, code])
    assert.equal((await send(district, '/v1/end', options)).code, code)
  }
  assert.equal(district.audit.types().filter((type) => type === 'instance.renewed').length, 0)
  assert.equal(district.identities.list().length, 1)
})

test('INV-5 an old certificate renews nothing after its instance is revoked', async () => {
  await using district = await serve()
  const first = await enrol(district)
  assert.equal((await send(district, '/v1/renew', { as: first, body: renewal() })).status, 200)
  await district.identities.revokeInstance(first.issued.instance, 'stolen', PERSON)
  const after = await send(district, '/v1/renew', { as: first, body: renewal() })
  assert.deepEqual([after.status, after.code], [401, 'identity.unrecognised'])
})

test('INV-8 past the absolute life no certificate renews', async () => {
  await using district = await serve()
  const first = await enrol(district)
  district.clock.advance(24 * HOUR)
  const answer = await send(district, '/v1/renew', { as: first, body: renewal() })
  assert.deepEqual([answer.status, answer.code], [401, 'identity.life_over'])
})

test('names cannot be asked for: not in the request, not beside it', async () => {
  await using district = await serve()
  const first = await enrol(district)
  const subject = Buffer.from('300f310d300b06035504030c0461646d69', 'hex')
  const csr = fakeRequest(p256(), { subject })
  const named = await send(district, '/v1/renew', { as: first, body: JSON.stringify({ csr }) })
  assert.equal(named.status, 400)
  assert.match(named.code ?? '', /^identity\.csr_/)
  const other = await enrol(district)
  const body = JSON.stringify({ csr: fakeRequest(p256()), instance: other.issued.instance })
  const beside = await send(district, '/v1/renew', { as: first, body })
  assert.deepEqual([beside.status, beside.code], [400, 'identity.request'])
})

test('INV-9 an agent is known on exactly these routes, and each only continues or ends what it has', async () => {
  await using district = await serve()
  const as = await enrol(district)
  const known = Object.entries(ROUTES).filter(([, route]) => route.agent)
  assert.deepEqual(known.map(([path]) => path).sort(), ['/v1/end', '/v1/renew'])
  for (const [path, route] of Object.entries(ROUTES)) {
    if (route.agent) continue
    const method = route.method
    const body = JSON.stringify({ token: 'bwj1.x.y', csr: fakeRequest(p256()) })
    const mine = await send(district, path, { as, method, body })
    const anybody = await send(district, path, { method, body })
    assert.equal(mine.text, anybody.text, `${path} says nothing more to an agent`)
  }
  const renewed = await send(district, '/v1/renew', { as, body: renewal() })
  const answer = JSON.parse(renewed.text) as IssuedIdentity
  assert.equal(answer.instance, as.issued.instance)
  assert.equal(answer.life_ends, as.issued.life_ends)
  for (const [path, method, code] of [
    ['/v1/renew', 'GET', 'identity.method'],
    ['/v1/enroll', 'PUT', 'identity.method'],
    ['/v1/agents', 'POST', 'identity.no_route'],
    ['/constructor', 'GET', 'identity.no_route'],
    ['/__proto__', 'GET', 'identity.no_route'],
    ['/v1/renew/', 'POST', 'identity.no_route'],
    ['//v1/renew', 'POST', 'identity.no_route'],
  ] as const) {
    const body = renewal()
    assert.equal((await send(district, path, { as, method, body })).code, code, `${method} ${path}`)
  }
})

test('INV-10 oversized, malformed and confusing bodies get a code, and nobody else notices', async () => {
  await using district = await serve()
  const csr = fakeRequest(p256())
  const text = await token(district)
  const huge = 'x'.repeat(70_000)
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 20; i++) yield Buffer.alloc(8_192, 0x20)
  }
  for (const [body, code] of [
    [JSON.stringify({ token: text, csr, more: huge }), 'identity.body_size'],
    [Readable.from(chunks()), 'identity.body_size'],
    ['', 'json.syntax'],
    ['{', 'json.syntax'],
    ['[]', 'identity.request'],
    ['null', 'identity.request'],
    ['{"token":1,"csr":2}', 'identity.request'],
    [JSON.stringify({ token: text }), 'identity.request'],
    [`{"token":"a","token":"b","csr":"c"}`, 'json.duplicate_key'],
    [`{"token":"a","Token":"b","csr":"c"}`, 'json.ambiguous_key'],
    ['['.repeat(1_000), 'json.depth'],
    [Uint8Array.of(0x22, 0xff, 0x22), 'json.utf8'],
    [JSON.stringify({ token: 'hello', csr }), 'join_token.malformed'],
    [JSON.stringify({ token: text, csr: 'hello' }), 'identity.csr_malformed'],
  ] as const) {
    const answer = await send(district, '/v1/enroll', { body })
    assert.equal(answer.code, code)
    assert.ok(answer.status >= 400 && answer.status < 500)
    assert.equal(answer.type, 'application/problem+json')
    assert.ok(!answer.text.includes(text.split('.')[1]!), 'no secret in an answer')
    assert.ok(!answer.text.includes('    at '), 'no stack in an answer')
  }
  const form = await send(district, '/v1/enroll', { body: 'a=b', type: 'text/plain' })
  assert.deepEqual([form.status, form.code], [415, 'identity.content_type'])
  const good = await send(district, '/v1/enroll', { body: JSON.stringify({ token: text, csr }) })
  assert.equal(good.status, 200, 'after all of that the token still enrols')
  assert.deepEqual(
    district.refused.filter((kind) => kind.startsWith('failure')),
    [],
  )
})

test('TLS 1.2 and bytes that are not TLS are refused and counted', async () => {
  await using district = await serve()
  const port = Number(new URL(district.url).port)
  const old = connect({ port, host: '127.0.0.1', maxVersion: 'TLSv1.2', rejectUnauthorized: false })
  const [error] = (await once(old, 'error')) as [Error & { code: string }]
  assert.match(error.code, /ALERT_PROTOCOL_VERSION/)
  const socket = connectPlain({ port, host: '127.0.0.1' })
  socket.on('error', () => socket.destroy())
  socket.end('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
  socket.resume()
  await once(socket, 'close')
  assert.deepEqual(district.refused, ['identity.tls', 'identity.tls'])
})
