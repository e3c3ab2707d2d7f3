// Holds attacks on the gateway by who says it: no certificate, another's, an expired or revoked one, another instance's calls.

import assert from 'node:assert/strict'
import type { KeyObject } from 'node:crypto'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { after, before, test } from 'node:test'
import { issuer, issueSvid } from '../../src/authority/identity/certificate.ts'
import type { Holder } from '../../src/cli/identity/holder.ts'
import { openKeyRing } from '../../src/keys/file.ts'
import type { Signer } from '../../src/keys/ring.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { pem } from '../../src/std/pem.ts'
import { Instance } from '../../src/wire/api/instance.ts'
import { send } from '../e2e/client.ts'
import { until } from '../e2e/until.ts'
import { fakeSigner, p256, spkiOf } from '../fakes/identity.ts'
import { post, RawConnection } from './raw.ts'
import { discreet, Target } from './target.ts'

const HOUR = 3_600_000
const JSON_TYPE = ['Content-Type', 'application/json'] as const
const STREAM = ['Accept', 'application/json, text/event-stream'] as const

let target: Target

before(async () => {
  target = await Target.open()
})

after(() => target[Symbol.asyncDispose]())

function request(text: string): Buffer {
  const params = { name: 'echo', arguments: { text } }
  return rpc({ id: 1, method: 'tools/call', params })
}

function rpc(message: object): Buffer {
  const body = JSON.stringify({ jsonrpc: '2.0', ...message })
  const size = ['Content-Length', String(Buffer.byteLength(body))] as const
  return post('/mcp/probe', [JSON_TYPE, STREAM, size], body)
}

function certificate(
  signer: Signer,
  instance: string,
  key: KeyObject,
  [from, to]: readonly [number, number],
): { readonly key: string; readonly cert: string } {
  const { trustDomain } = target.holder.identity
  const by = issuer(trustDomain, signer, systemEntropy)
  const now = systemClock.now()
  const of = { agent: 'worker', instance, publicKey: spkiOf(key) }
  const der = issueSvid(by, of, { notBefore: now + from, notAfter: now + to })
  const text = key.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { key: text, cert: pem('CERTIFICATE', der) }
}

test('INV-8 no certificate, a forged one, an expired one and one that nobody recorded open nothing', async () => {
  const { instance } = target.holder.identity
  const { ca, checkServerIdentity } = target.holder.tls()
  const key = p256()
  const ring = openKeyRing(join(target.bailiwick.home, 'keys'), { entropy: systemEntropy })
  const good = [-HOUR / 60, HOUR / 2] as const
  for (const [what, credential, code] of [
    ['none', {}, 'authenticate.no_credential'],
    [
      'of another authority',
      certificate(fakeSigner('ES256'), instance, key, good),
      'authenticate.no_credential',
    ],
    [
      'expired',
      certificate(ring.roots.first!, instance, key, [-HOUR, -HOUR / 2]),
      'authenticate.no_credential',
    ],
    [
      'of tomorrow',
      certificate(ring.roots.first!, instance, key, [HOUR, 2 * HOUR]),
      'authenticate.no_credential',
    ],
    [
      'never recorded',
      certificate(ring.roots.first!, instance, key, good),
      'authenticate.unknown_certificate',
    ],
  ] as const) {
    const options = { ca, checkServerIdentity, ...credential }
    using connection = await RawConnection.open(target.bailiwick.gatewayPort, options)
    connection.write(request(`as ${what}`))
    assert.deepEqual(await connection.answers(1), [401], what)
    await until('the code', () => connection.received.includes(code))
    discreet(connection.received)
  }
  assert.ok(!target.journal().some((line) => line.startsWith('echo as ')))
  await target.well()
})

test('TLS before 1.3 is not spoken', async () => {
  const { ca, cert, key } = target.holder.tls()
  const old = { ca, cert: cert!, key: key!, maxVersion: 'TLSv1.2', minVersion: 'TLSv1.2' } as const
  await assert.rejects(
    RawConnection.open(target.bailiwick.gatewayPort, {
      ...old,
      checkServerIdentity: () => undefined,
    }),
    /protocol version/i,
  )
  await target.well()
})

async function revoke(holder: Holder): Promise<void> {
  const path = `/v1/instances/${holder.identity.instance}/revoke`
  await target.bailiwick.control.send('POST', path, { reason: 'stolen' }, Instance)
}

/** The session that the server gave, to be resumed. */
function session(socket: TLSSocket): Promise<Buffer> {
  return new Promise((resolve) => socket.once('session', resolve))
}

test('INV-5 a connection that is open and a session that is resumed are worth nothing after revocation', async () => {
  const stolen = await target.bailiwick.enrol('worker')
  const tls = stolen.tls()
  using open = await RawConnection.open(target.bailiwick.gatewayPort, tls)
  const ticket = session(open.socket)
  open.write(request('while it lives'))
  assert.deepEqual(await open.answers(1), [200])
  const resumable = await ticket
  {
    using resumed = await RawConnection.open(target.bailiwick.gatewayPort, {
      ...tls,
      session: resumable,
    })
    resumed.write(request('resumed while it lives'))
    assert.deepEqual(await resumed.answers(1), [200])
  }
  await revoke(stolen)
  open.write(request('after'))
  assert.deepEqual((await open.answers(2))[1], 401)
  using resumed = await RawConnection.open(target.bailiwick.gatewayPort, {
    ...tls,
    session: resumable,
  })
  resumed.write(request('after, resumed'))
  assert.deepEqual(await resumed.answers(1), [401])
  await until('the code', () => resumed.received.includes('authenticate.unknown_certificate'))
  assert.ok(!target.journal().some((line) => line.startsWith('echo after')))
  await target.well()
})

test('INV-8 one instance cannot cancel, hear or answer for another, whatever ids it takes', async () => {
  const { bailiwick, holder } = target
  const other = await bailiwick.enrol('worker')
  const work = (name: string): Buffer => {
    const params = { name: 'work', arguments: { name }, _meta: { progressToken: 'the same' } }
    return rpc({ id: 'the same', method: 'tools/call', params })
  }
  using mine = await target.connect()
  using theirs = await target.connect(other)
  mine.write(work('mine'))
  theirs.write(work('theirs'))
  await until('my progress', () => mine.received.includes('"mine 3"'))
  await until('their progress', () => theirs.received.includes('"theirs 3"'))
  const notification = {
    headers: {},
    body: JSON.stringify({
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId: 'the same' },
    }),
  }
  assert.equal((await send(bailiwick, other, notification)).status, 202)
  await until('theirs is over', () => target.journal().includes('cancelled theirs'))
  const seen = mine.received.length
  await until('mine goes on', () => mine.received.length > seen + 200)
  assert.ok(!target.journal().includes('cancelled mine'))
  assert.ok(!mine.received.includes('theirs') && !theirs.received.includes('mine'))
  for (const answer of [
    { id: 'the same', result: { content: [{ type: 'text', text: 'forged' }] } },
    { id: 'the same', error: { code: 1, message: 'forged' } },
  ]) {
    const forged = { headers: {}, body: JSON.stringify({ jsonrpc: '2.0', ...answer }) }
    assert.deepEqual((await send(bailiwick, other, forged)).code, 'mcp.message')
  }
  assert.ok(!mine.received.includes('forged'))
  assert.equal((await send(bailiwick, holder, notification)).status, 202)
  await until('mine is over', () => target.journal().includes('cancelled mine'))
  await target.well()
})
