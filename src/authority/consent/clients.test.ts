// Holds the tests of clients: identifiers, documents, and the addresses that are asked for them.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { utf8 } from '../../std/bytes.ts'
import { systemTimer } from '../../std/timer.ts'
import { faultOf } from '../../../test/fakes/authority.ts'
import { FakeClock } from '../../../test/fakes/clock.ts'
import { CLIENT, clientDocument } from '../../../test/fakes/consent.ts'
import { FakeTimer } from '../../../test/fakes/identity.ts'
import { readClientDocument } from './client-document.ts'
import { fetchDocument, type Address } from './client-fetch.ts'
import { readClientUrl } from './client-url.ts'
import { Clients } from './clients.ts'
import { isSpecialAddress } from '../../std/special-address.ts'

const document = (more: Readonly<Record<string, unknown>> = {}, id = CLIENT) =>
  readClientDocument(utf8(clientDocument(more)), id)

/** A web server on loopback that answers as a test says. */
async function serving(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<AsyncDisposable & { readonly url: string; readonly asked: () => number }> {
  let asked = 0
  const server = createServer((request, response) => {
    asked += 1
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/client.json`,
    asked: () => asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function json(response: ServerResponse, text: string, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(text)
}

test('CIMD §3 a client identifier is an https URL with a path and nothing that could be read twice', () => {
  for (const good of [
    CLIENT,
    'https://client.example:8443/a/b',
    'https://xn--bcher-kva.example/c',
  ]) {
    assert.equal(readClientUrl(good, { loopback: false }).href, good)
  }
  for (const bad of [
    'http://client.example/c',
    'https://client.example',
    'https://client.example/',
    'https://user@client.example/c',
    'https://user:pw@client.example/c',
    'https://client.example/c#f',
    'https://client.example/c#',
    'https://client.example/c?q=1',
    'https://client.example/c?',
    'https://client.example/a/../c',
    'https://client.example/./c',
    'https://client.example/%2e%2e/c',
    'https://client.example/a/..',
    'https://client.example:443/c',
    'https://Client.example/c',
    'HTTPS://client.example/c',
    'https://bücher.example/c',
    'https://client.example\\c',
    'https:client.example/c',
    ' https://client.example/c',
    'https://client.example/c\n',
    'https://0x7f.1/c',
    'https://127.1/c',
    'http://127.0.0.1/c',
    'urn:example:client',
    `https://client.example/${'c'.repeat(512)}`,
    '',
  ]) {
    assert.throws(() => readClientUrl(bad, { loopback: false }), faultOf('client.id'), bad)
  }
})

test('CIMD §8.6 http is for loopback and for development alone', () => {
  assert.equal(readClientUrl('http://127.0.0.1:9/c', { loopback: true }).port, '9')
  assert.throws(() => readClientUrl('http://127.0.0.1:9/c', { loopback: false }))
  for (const bad of [
    'http://client.example/c',
    'http://10.0.0.1/c',
    'http://127.0.0.1.evil.example/c',
  ]) {
    assert.throws(() => readClientUrl(bad, { loopback: true }), faultOf('client.id'), bad)
  }
})

test('CIMD §4 the document names the URL that it is served at', () => {
  assert.equal(document().id, CLIENT)
  assert.throws(() => document({ client_id: `${CLIENT}2` }), faultOf('client.document'))
  assert.throws(() => document({ client_id: undefined }), faultOf('client.document'))
  assert.throws(() => document({ client_id: CLIENT.replace('https://', 'HTTPS://') }))
})

test('CIMD §4.1 no shared secrets, and no private keys', () => {
  for (const method of ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'x', 1]) {
    assert.throws(() => document({ token_endpoint_auth_method: method }), faultOf('client.method'))
  }
  assert.throws(() => document({ client_secret: 's' }), faultOf('client.document'))
  assert.throws(() => document({ client_secret_expires_at: 0 }), faultOf('client.document'))
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const method = { token_endpoint_auth_method: 'private_key_jwt' }
  const jwks = (...keys: unknown[]) => ({ ...method, jwks: { keys } })
  const good = document(jwks({ ...publicKey.export({ format: 'jwk' }), kid: 'one' }))
  assert.deepEqual(
    [good.method, good.keys[0]?.kid, good.keys[0]?.alg],
    ['private_key_jwt', 'one', 'ES256'],
  )
  assert.throws(
    () => document(jwks(privateKey.export({ format: 'jwk' }))),
    faultOf('client.document'),
  )
  assert.throws(() => document(jwks({ kty: 'oct', k: 'AAAA' })), faultOf('client.document'))
  assert.throws(
    () => document(jwks({ kty: 'RSA', n: 'AQAB', e: 'AQAB' })),
    faultOf('client.document'),
  )
  assert.throws(() => document(jwks()), faultOf('client.document'))
  assert.throws(() => document(method), faultOf('client.document'))
  assert.throws(
    () => document({ ...method, jwks_uri: 'https://client.example/jwks' }),
    faultOf('client.method'),
  )
})

test('a document is read strictly', () => {
  for (const more of [
    { client_name: undefined },
    { client_name: '  ' },
    { client_name: 'n'.repeat(201) },
    { client_name: 1 },
    { redirect_uris: undefined },
    { redirect_uris: [] },
    { redirect_uris: 'https://client.example/' },
    { redirect_uris: [1] },
    { redirect_uris: ['javascript:alert(1)', 'cursor://x/y', 'http://client.example/'] },
    { redirect_uris: Array.from({ length: 33 }, (_, i) => `https://client.example/${i}`) },
    { grant_types: ['client_credentials'] },
    { response_types: ['token'] },
    { dpop_bound_access_tokens: 'yes' },
  ]) {
    assert.throws(() => document(more), faultOf('client.document'), JSON.stringify(more))
  }
  for (const text of [
    '',
    '[]',
    'null',
    '{"client_id":"x","client_id":"y"}',
    `{"client_id":${JSON.stringify(CLIENT)},"client_ID":"x"}`,
    '\ufeff{}',
    '{"a":'.repeat(20),
    'x'.repeat(6_000),
  ]) {
    assert.throws(() => readClientDocument(utf8(text), CLIENT), faultOf('client.document'), text)
  }
  const some = document({ redirect_uris: ['cursor://x/y', 'http://127.0.0.1/cb', 'javascript:x'] })
  assert.deepEqual(some.redirects, ['http://127.0.0.1/cb'])
})

test('CIMD §8.6 RFC 6890 no address of special use is ever asked', () => {
  for (const address of [
    ['0', '0', '0', '0'].join('.'),
    '0.1.2.3',
    ['10', '0', '0', '0'].join('.'),
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.8',
    '192.0.2.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '239.1.1.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::7f00:1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '3fff::1',
    '5f00::1',
    'fc00::1',
    'fd12::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    'localhost',
    '',
    '127.1',
  ]) {
    assert.equal(isSpecialAddress(address), true, address)
  }
  for (const address of [
    '8.8.8.8',
    '1.1.1.1',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '2a00:1450::1',
  ]) {
    assert.equal(isSpecialAddress(address), false, address)
  }
})

test('CIMD §8.6 a name that leads into the house is not asked, whichever of its addresses does', async () => {
  const url = new URL(CLIENT)
  const from = (...addresses: string[]) => {
    const resolve = (): Promise<readonly Address[]> =>
      Promise.resolve(
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      )
    return fetchDocument(url, { timer: systemTimer, loopback: true, resolve })
  }
  await assert.rejects(from('127.0.0.1'), faultOf('client.address'))
  await assert.rejects(from('169.254.169.254'), faultOf('client.address'))
  await assert.rejects(from('8.8.8.8', '10.0.0.1'), faultOf('client.address'))
  await assert.rejects(from('::ffff:127.0.0.1'), faultOf('client.address'))
  await assert.rejects(from(), faultOf('client.unreachable'))
})

test('a name is looked up once: what it resolves to a moment later is never asked', async () => {
  await using server = await serving((_, response) => json(response, clientDocument()))
  const { port } = new URL(server.url)
  let looked = 0
  const resolve = (): Promise<readonly Address[]> => {
    looked += 1
    // The first answer is a public address at which nothing listens for us; the next would be loopback.
    return Promise.resolve([
      { address: looked === 1 ? '192.0.2.1' : '127.0.0.1', family: 4 as const },
    ])
  }
  const url = new URL(`https://rebind.example:${port}/client.json`)
  await assert.rejects(fetchDocument(url, { timer: systemTimer, loopback: false, resolve }))
  assert.equal(looked, 1)
  assert.equal(server.asked(), 0)
})

test('CIMD §5 only 200 counts, and no redirect is followed', async () => {
  await using target = await serving((_, response) => json(response, clientDocument()))
  for (const status of [301, 302, 303, 307, 308, 201, 204, 206, 404, 500]) {
    await using server = await serving((_, response) =>
      response
        .writeHead(status, { location: target.url, 'content-type': 'application/json' })
        .end(),
    )
    const fetching = fetchDocument(new URL(server.url), { timer: systemTimer, loopback: true })
    await assert.rejects(fetching, faultOf('client.document'), String(status))
  }
  assert.equal(target.asked(), 0)
})

test('CIMD §8.7 no more than 5 KB is read', async () => {
  for (const length of [true, false]) {
    await using server = await serving((_, response) => {
      const body = `{"a":"${'x'.repeat(6_000)}"}`
      const headers = length ? { 'content-length': String(body.length) } : {}
      json(response, body, headers)
    })
    const fetching = fetchDocument(new URL(server.url), { timer: systemTimer, loopback: true })
    await assert.rejects(fetching, (error: Error) => error.message.startsWith('client.'))
  }
})

test('a document that never ends, or never begins, is given up', async () => {
  for (const begin of [true, false]) {
    let reached = (): void => undefined
    const arrived = new Promise<void>((resolve) => (reached = resolve))
    await using server = await serving((_, response) => {
      if (begin) response.writeHead(200, { 'content-type': 'application/json' }).write('{')
      reached()
    })
    const timer = new FakeTimer()
    const fetching = fetchDocument(new URL(server.url), { timer, loopback: true })
    const refused = assert.rejects(fetching, faultOf('client.unreachable'))
    await arrived
    timer.fire()
    await refused
  }
})

test('a document is JSON, and says so', async () => {
  for (const type of ['text/html', 'text/plain', 'application/jsonp', '']) {
    await using server = await serving((_, response) =>
      json(response, clientDocument(), { 'content-type': type }),
    )
    const fetching = fetchDocument(new URL(server.url), { timer: systemTimer, loopback: true })
    await assert.rejects(fetching, faultOf('client.document'))
  }
})

test('CIMD §5.2 documents are kept as long as their server says, a day at most; errors are not', async () => {
  const clock = new FakeClock()
  let control = 'max-age=100'
  let broken = false
  await using server = await serving((_, response) =>
    json(response, broken ? '{}' : clientDocument({}, server.url), { 'cache-control': control }),
  )
  const clients = new Clients({ clock, timer: systemTimer, loopback: true })
  const get = () => clients.get(server.url)
  await Promise.all([get(), get(), get()])
  assert.equal(server.asked(), 1, 'asked once for many')
  clock.advance(99_000)
  await get()
  assert.equal(server.asked(), 1)
  clock.advance(1_000)
  control = 'max-age=9999999'
  await get()
  assert.equal(server.asked(), 2)
  clock.advance(24 * 3_600_000)
  broken = true
  await assert.rejects(get(), faultOf('client.document'))
  await assert.rejects(get(), faultOf('client.document'))
  assert.equal(server.asked(), 4, 'neither the old one nor the error is kept')
  broken = false
  control = 'public, no-store'
  await get()
  await get()
  assert.equal(server.asked(), 6)
})
