// Holds a Bailiwick with workers: the same answers as without, whichever thread did the TLS, and nobody let in beside them.

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { createServer, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Holder } from '../../src/cli/identity/holder.ts'
import { prelude } from '../../src/gateway/front/prelude.ts'
import { Bailiwick, testServer } from './bailiwick.ts'
import { Child, MAIN } from './child.ts'
import { legacy, send, type Answer } from './client.ts'
import { until } from './until.ts'

const FOLDER = /^bailiwick-front-/
const there = new Set(fronts())

let bailiwick: Bailiwick
let holder: Holder

function fronts(): string[] {
  return readdirSync(tmpdir()).filter((name) => FOLDER.test(name))
}

before(async () => {
  bailiwick = await Bailiwick.start({ BAILIWICK_WORKERS: '2' })
  await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', join(bailiwick.home, 'journal')))
  await bailiwick.apply(
    `@id("w") @without("task") permit (principal in Role::"worker", action == Action::"probe/echo", resource);`,
  )
  await bailiwick.agent('worker', ['worker'])
  holder = await bailiwick.enrol('worker')
})

after(() => bailiwick[Symbol.asyncDispose]())

function echo(as: Holder): Promise<Answer> {
  const params = { name: 'echo', arguments: { text: 'hello' } }
  return send(bailiwick, as, legacy('tools/call', params))
}

test('calls come through by their certificate, at the same address, one after the other and at once', async () => {
  const many = Array.from({ length: 24 }, () => echo(holder))
  for (const answer of await Promise.all(many)) assert.match(answer.text, /hello/)
})

test('INV-8 whoever shows no certificate is nobody, whichever thread heard them', async () => {
  const response = await fetch(`${bailiwick.gatewayUrl}/mcp/probe`, { method: 'POST' }).catch(
    (error: unknown) => error,
  )
  // Its root is not known to fetch: what matters is that it is TLS, and no answer of ours.
  assert.ok(response instanceof Error)
})

test('INV-5 a lock denies the next call on a connection that is open already', async () => {
  const other = await bailiwick.enrol('worker')
  assert.match((await echo(other)).text, /hello/)
  await bailiwick.lock('instance', other.identity.instance)
  assert.match((await echo(other)).text, /admit\.locked|authenticate\./)
  assert.match((await echo(holder)).text, /hello/)
})

test('INV-8 the socket between the threads takes nobody who only found it', async () => {
  const [folder] = fronts().filter((name) => !there.has(name))
  assert.ok(folder !== undefined)
  const path = join(tmpdir(), folder, 's')
  const certificate = 'a'.repeat(64)
  const tries = [
    prelude(Buffer.alloc(32, 7), { certificate, address: '127.0.0.1' }),
    Buffer.from('POST /mcp/probe HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n'),
    Buffer.alloc(4_096),
  ]
  for (const bytes of tries) {
    const socket = connect(path)
    let heard = 0
    socket.on('data', (chunk) => (heard += chunk.length))
    socket.on('error', () => undefined)
    socket.write(bytes)
    await until('it is closed', () => socket.closed)
    assert.equal(heard, 0)
  }
})

test('a port that somebody has is not shared with them', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  try {
    const home = join(bailiwick.home, 'second')
    const flags = ['--control-port', '0', '--identity-port', '0', '--gateway-port', `${port}`]
    await using child = new Child([MAIN, '--home', home, 'serve', ...flags, '--workers', '1'])
    const { code, stderr } = await child.ended
    assert.equal(code, 1)
    assert.match(stderr, /server\.port_in_use/)
  } finally {
    server.close()
  }
})

test('nothing is left of them when it has ended', async () => {
  const own = fronts().filter((name) => !there.has(name))
  assert.equal(own.length, 1)
  await bailiwick.stop()
  assert.deepEqual(
    fronts().filter((name) => own.includes(name)),
    [],
  )
})
