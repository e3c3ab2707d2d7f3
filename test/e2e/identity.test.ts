// Holds identity end to end: a real holder enrols, renews and leaves over real TLS against the real listener and store.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { connect, TLSSocket } from 'node:tls'
import { test } from 'node:test'
import { Agent, request } from 'undici'
import { keepCertified } from '../../src/authority/identity/serving.ts'
import { Holder } from '../../src/cli/identity/holder.ts'
import { hex, sha256 } from '../../src/std/bytes.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { PERSON, type District } from '../fakes/district.ts'
import { serve, type Served } from '../fakes/served.ts'
import { FakeClock } from '../fakes/clock.ts'
import { FakeTimer } from '../fakes/identity.ts'

async function hold(
  district: Served,
): Promise<{ holder: Holder; clock: FakeClock; timer: FakeTimer }> {
  const of = { agent: 'mail-sorter', person: PERSON, by: PERSON }
  const { token } = await district.identities.issueJoinToken(of)
  const clock = new FakeClock(district.clock.now())
  const timer = new FakeTimer()
  const ports = { clock, timer, entropy: systemEntropy }
  const holder = await Holder.enrol({ identityUrl: district.url, joinToken: token, ...ports })
  return { holder, clock, timer }
}

/** A gateway as far as TLS goes: it answers with what `actorOf` says of the peer of each request. */
async function gateway(district: District): Promise<
  {
    origin: string
    port: number
    handshakes: () => [number, number]
    streams: ServerResponse[]
  } & AsyncDisposable
> {
  const server = createServer(
    { requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' },
    (incoming, response) => {
      const socket = incoming.socket as TLSSocket
      const certificate = socket.getPeerX509Certificate()
      const actor = district.identities.actorOf(hex(sha256(certificate?.raw ?? new Uint8Array())))
      response.statusCode = actor === undefined ? 401 : 200
      if (incoming.url === '/stream') {
        streams.push(response)
        response.write('first ')
        return
      }
      response.end(JSON.stringify({ agent: actor?.agent, certificate: actor?.credential.id }))
    },
  )
  const streams: ServerResponse[] = []
  let full = 0
  let resumed = 0
  server.on('secureConnection', (socket) => (socket.isSessionReused() ? resumed++ : full++))
  const stop = keepCertified(server, { ...district, role: 'gateway' })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    origin: `https://127.0.0.1:${port}`,
    port,
    handshakes: () => [full, resumed],
    streams,
    [Symbol.asyncDispose]: async () => {
      stop()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function ask(
  holder: Holder,
  origin: string,
): Promise<{ status: number; certificate?: string }> {
  const { statusCode, body } = await request(origin, { dispatcher: holder.dispatcher() })
  const { certificate } = (await body.json()) as { certificate?: string }
  return { status: statusCode, ...(certificate === undefined ? {} : { certificate }) }
}

test('a holder enrols, is known at the gateway, renews, and is known by its new certificate', async () => {
  await using district = await serve()
  await using door = await gateway(district)
  const { holder, clock, timer } = await hold(district)
  const { instance, spiffeId, notBefore, notAfter } = holder.identity
  assert.equal(spiffeId, `spiffe://bailiwick.test/agent/mail-sorter/${instance}`)
  const first = await ask(holder, door.origin)
  assert.equal(first.status, 200)

  clock.advance((notAfter - notBefore) / 2 - 60_000)
  timer.fire()
  assert.equal(district.audit.types().filter((type) => type === 'instance.renewed').length, 0)
  clock.advance((notAfter - notBefore) / 6 + 60_000)
  timer.fire()
  for (let i = 0; i < 500 && timer.waiting.length === 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  assert.equal(holder.trouble, undefined)
  assert.equal(district.audit.types().filter((type) => type === 'instance.renewed').length, 1)
  const second = await ask(holder, door.origin)
  assert.equal(second.status, 200)
  assert.notEqual(second.certificate, first.certificate)
  assert.equal(holder.identity.instance, instance)

  await holder.close()
  assert.deepEqual(district.identities.list(), [])
  assert.equal(district.audit.last('instance.ended').body['state'], 'ended')
  assert.throws(() => holder.dispatcher(), { code: 'holder.closed' })
  assert.deepEqual(district.refused, [])
})

test('INV-5 a resumed session of a revoked instance is nobody at the next request', async () => {
  await using district = await serve()
  await using door = await gateway(district)
  const { holder } = await hold(district)
  const options = { ...holder.tls(), host: '127.0.0.1', port: door.port }
  const get = async (
    session?: Buffer,
  ): Promise<{ text: string; sessions: Buffer[]; reused: boolean }> => {
    const socket = connect({ ...options, ...(session === undefined ? {} : { session }) })
    const tickets: Buffer[] = []
    let text = ''
    socket.on('session', (ticket) => tickets.push(ticket))
    socket.on('data', (chunk) => (text += String(chunk)))
    await once(socket, 'secureConnect')
    const reused = socket.isSessionReused()
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    await once(socket, 'close')
    return { text, sessions: tickets, reused }
  }
  const first = await get()
  const second = await get(first.sessions[0])
  assert.equal(second.reused, true)
  assert.match(
    second.text,
    /200 OK[^]*mail-sorter/,
    'the certificate is known in a resumed session',
  )
  await district.identities.revokeInstance(holder.identity.instance, 'stolen', PERSON)
  const third = await get(first.sessions[1])
  assert.equal(third.reused, true)
  assert.match(third.text, /401 Unauthorized/)
  assert.deepEqual(door.handshakes(), [1, 2])
  await holder.close()
})

test('a revoked instance learns of it when it renews, and tells whoever listens', async () => {
  await using district = await serve()
  const { holder } = await hold(district)
  const told: string[] = []
  holder.onEnded((why) => told.push(why.code))
  await district.identities.revokeInstance(holder.identity.instance, 'stolen', PERSON)
  await assert.rejects(holder.renew(), { code: 'identity.unrecognised' })
  assert.deepEqual(told, ['identity.unrecognised'])
  assert.equal(holder.over?.code, 'identity.unrecognised')
  assert.throws(() => holder.tls(), { code: 'identity.unrecognised' })
  await holder.close()
})

test('a holder that cannot reach the listener keeps trying, with growing waits, until its certificate ends', async () => {
  const { holder, clock, timer } = await (async () => {
    await using district = await serve()
    return await hold(district)
  })()
  const told: string[] = []
  holder.onEnded((why) => told.push(why.code))
  clock.advance(2_500_000)
  const waits: number[] = []
  for (let round = 0; round < 4; round++) {
    timer.fire()
    for (let i = 0; i < 500 && timer.waiting.length === 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    assert.equal(holder.trouble?.code, 'holder.unreachable')
    waits.push(timer.waiting[0]!.ms)
    clock.advance(timer.waiting[0]!.ms)
  }
  for (const [round, ms] of waits.entries()) {
    assert.ok(ms > 500 * 2 ** round - 1 && ms <= 1_000 * 2 ** round, `${ms} in round ${round}`)
  }
  assert.deepEqual(told, [])
  clock.advance(3_600_000)
  timer.fire()
  assert.deepEqual(told, ['holder.expired'])
  await holder.close()
})

test('bundle and health are public; the bundle is the pinned root', async () => {
  await using district = await serve()
  const { holder } = await hold(district)
  const { port } = new URL(district.url)
  const dispatcher = new Agent({ connect: { ca: district.root.pem } })
  const get = (path: string) => request(`https://127.0.0.1:${port}${path}`, { dispatcher })
  const { keys } = (await (await get('/spiffe/bundle')).body.json()) as {
    keys: { x5c: string[] }[]
  }
  assert.equal(keys[0]?.x5c[0], district.root.certificate.raw.toString('base64'))
  const health = await get('/healthz')
  assert.deepEqual(await health.body.json(), { ok: true })
  await dispatcher.close()
  await holder.close()
})

test('at the end of its life an instance waits for the end instead of renewing in vain', async () => {
  await using district = await serve({ instanceLife: 1_800_000 })
  const { holder, clock, timer } = await hold(district)
  const told: string[] = []
  holder.onEnded((why) => told.push(why.code))
  clock.advance(1_500_000)
  timer.fire()
  assert.equal(timer.waiting[0]?.ms, 30_000)
  assert.equal(district.audit.types().filter((type) => type === 'instance.renewed').length, 0)
  clock.advance(300_000)
  timer.fire()
  assert.deepEqual(told, ['holder.expired'])
  assert.equal(timer.waiting.length, 0)
  await holder.close()
})

test('connections are kept: many requests, one full handshake', async () => {
  await using district = await serve()
  await using door = await gateway(district)
  const { holder } = await hold(district)
  for (let i = 0; i < 5; i++) assert.equal((await ask(holder, door.origin)).status, 200)
  assert.equal(door.handshakes()[0], 1)
  await holder.close()
})

test('a stream that runs when its certificate is renewed runs on to its end', async () => {
  await using district = await serve()
  await using door = await gateway(district)
  const { holder } = await hold(district)
  const { body } = await request(`${door.origin}/stream`, { dispatcher: holder.dispatcher() })
  const reader = body[Symbol.asyncIterator]()
  assert.equal(String((await reader.next()).value), 'first ')
  const { certificate } = await ask(holder, door.origin)
  await holder.renew()
  const renewed = await ask(holder, door.origin)
  assert.equal(renewed.status, 200)
  assert.notEqual(renewed.certificate, certificate)
  door.streams[0]?.end('last')
  assert.equal(String((await reader.next()).value), 'last')
  assert.equal((await reader.next()).done, true)
  await holder.close()
})
