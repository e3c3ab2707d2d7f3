// Holds attacks on the Workload API: to be taken for another process, to make it work for nothing, to keep what is over.

import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import {
  connect as connectHttp2,
  type ClientHttp2Session,
  type IncomingHttpHeaders,
} from 'node:http2'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { attestUnix } from '../../src/authority/identity/attest/unix.ts'
import { linuxKernel } from '../../src/authority/identity/attest/unix-kernel.ts'
import { PeerConnection } from '../../src/authority/identity/attest/unix-peer.ts'
import { systemTimer } from '../../src/std/timer.ts'
import { Child } from '../e2e/child.ts'
import { alive, until } from '../e2e/until.ts'
import { ask, ownProgram, svidOf, WorkloadProcess } from '../e2e/workload-process.ts'
import { FakeTimer } from '../fakes/identity.ts'
import { FakeKernel, programFile } from '../fakes/peer-kernel.ts'
import { openWorkload, type FakeWorkload } from '../fakes/workload.ts'

const HEADER = { 'workload.spiffe.io': 'true' }
const GRPC = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers', ...HEADER }
/** A gRPC message without any field. */
const EMPTY = Buffer.from([0, 0, 0, 0, 0])

function session(path: string, settings: object = {}): ClientHttp2Session {
  const one = connectHttp2('http://localhost', {
    createConnection: () => connect(path),
    settings,
  })
  one.on('error', () => undefined)
  return one
}

/** One request over a bare HTTP/2 session; resolves with gRPC's status, or undefined where it was cut. */
function status(
  of: ClientHttp2Session,
  method: string,
  more: { readonly headers?: object; readonly body?: Buffer } = {},
): Promise<string | undefined> {
  const { headers = {}, body = EMPTY } = more
  return new Promise((resolve) => {
    const stream = of.request({ ...GRPC, ':path': `/SpiffeWorkloadAPI/${method}`, ...headers })
    let found: string | undefined
    const read = (from: IncomingHttpHeaders & { readonly ':status'?: number }): void => {
      const value = from['grpc-status']
      if (typeof value === 'string') found = value
      else if (from[':status'] !== undefined && from[':status'] !== 200) {
        found = `http ${from[':status']}`
      }
    }
    stream
      .on('response', read)
      .on('trailers', read)
      .on('error', () => undefined)
    stream.on('close', () => resolve(found)).resume()
    stream.end(body)
  })
}

/** A protocol buffer field of bytes or text. */
function field(number: number, value: string): Buffer {
  const bytes = Buffer.from(value)
  const length: number[] = []
  for (let left = bytes.length; ; left >>>= 7) {
    length.push(left > 127 ? (left & 127) | 128 : left)
    if (left <= 127) break
  }
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), bytes])
}

function message(...fields: readonly Buffer[]): Buffer {
  const body = Buffer.concat(fields)
  const head = Buffer.alloc(5)
  head.writeUInt32BE(body.length, 1)
  return Buffer.concat([head, body])
}

test('INV-8 a process that got the number of one that ended is not taken for it', async () => {
  for (const holds of [true, false]) {
    const kernel = new FakeKernel()
    kernel.holds = holds
    kernel.start(7)
    const connection = PeerConnection.accept(kernel, 7)
    await attestUnix(kernel, connection)
    kernel.start(7, { started: 'boot.200' })
    await assert.rejects(attestUnix(kernel, connection), { code: 'unix.gone' })
  }
})

test('INV-8 a number that is handed on while facts are read gives no evidence', async () => {
  const kernel = new FakeKernel()
  kernel.start(7)
  const connection = PeerConnection.accept(kernel, 7)
  kernel.beforeDigest = () => void kernel.start(7, { started: 'boot.200', sha256: 'cd'.repeat(32) })
  await assert.rejects(attestUnix(kernel, connection), { code: 'unix.gone' })
})

test('INV-8 a process that connects and then becomes a trusted program is nobody', async () => {
  const kernel = new FakeKernel()
  const process = kernel.start(7, { program: programFile('/home/mallory/attack', 2) })
  const connection = PeerConnection.accept(kernel, 7)
  process.program = programFile('/opt/agents/sorter')
  await assert.rejects(attestUnix(kernel, connection), { code: 'unix.gone' })
})

/** A server that keeps who connected, on a socket of its own. */
async function acceptor(path: string): Promise<{
  next: () => Promise<PeerConnection>
  [Symbol.asyncDispose]: () => Promise<void>
}> {
  const found: PeerConnection[] = []
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined))
    const { fd } = (socket as Socket & { _handle: { fd: number } })._handle
    found.push(PeerConnection.accept(linuxKernel(), fd))
  })
  await new Promise<void>((resolve) => server.listen({ path }, resolve))
  return {
    next: () => until('a connection', () => found.shift()),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const CONNECT = (path: string): string =>
  `const s = require('node:net').connect(${JSON.stringify(path)}); s.on('close', () => process.exit()); setInterval(() => {}, 1e6);`

test('INV-8 a descriptor that outlives its process, in a child that inherited it, is nobody', async () => {
  await using workload = await openWorkload()
  const path = join(workload.folder, 'own.sock')
  await using server = await acceptor(path)
  const heir = `require('node:child_process').spawn('sleep', ['60'], { detached: true, stdio: ['ignore', 1, s] }).unref();`
  const source = `${CONNECT(path)} s.on('connect', () => { const c = ${heir.replace('.unref();', '')}; console.log(c.pid); });`
  await using parent = new Child(['-e', source])
  const connection = await server.next()
  const pid = await until('the heir', () => Number(/^\d+\n/.exec(parent.stdout)?.[0]) || undefined)
  try {
    assert.ok(connection.same())
    parent.kill('SIGKILL')
    await until('the parent is gone', () => !alive(parent.pid))
    assert.ok(alive(pid), 'the heir holds the descriptor still')
    assert.equal(connection.same(), false)
    await assert.rejects(attestUnix(linuxKernel(), connection), { code: 'unix.gone' })
  } finally {
    process.kill(pid)
  }
})

test('INV-8 a link to a program, and a program that was deleted or replaced, do not have its path', async () => {
  await using workload = await openWorkload()
  const path = join(workload.folder, 'own.sock')
  await using server = await acceptor(path)
  const program = ownProgram(join(workload.folder, 'bin'), 'sorter')
  const selectors = async (connection: PeerConnection): Promise<readonly string[]> =>
    (await attestUnix(linuxKernel(), connection)).selectors
  const link = join(workload.folder, 'bin', 'linked')
  symlinkSync(program, link)
  await using linked = new Child(['-e', CONNECT(path)], {}, link)
  const seen = await selectors(await server.next())
  assert.ok(seen.includes(`unix:path:${program}`) && !seen.includes(`unix:path:${link}`))
  assert.ok(!linked.gone)
  await using running = new Child(['-e', CONNECT(path)], {}, program)
  const connection = await server.next()
  rmSync(program)
  const deleted = await selectors(connection)
  assert.ok(!deleted.some((one) => one.startsWith('unix:path:')), deleted.join(' '))
  assert.ok(
    deleted.some((one) => one.startsWith('unix:sha256:')),
    'what runs is read all the same',
  )
  copyFileSync('/bin/true', program)
  const replaced = await selectors(connection)
  assert.deepEqual(replaced, deleted)
  // A name that looks as if the kernel had said it.
  renameSync(program, `${program} (deleted)`)
  const tricked = await selectors(connection)
  assert.ok(!tricked.some((one) => one.startsWith('unix:path:')), tricked.join(' '))
  assert.ok(!running.gone)
})

test('INV-4 a process of another account is not who the registration names', async () => {
  const kernel = new FakeKernel()
  kernel.credentials = () => ({ pid: 7, uid: 1001, gid: 1001 })
  kernel.start(7)
  await using faked = await openWorkload({ kernel })
  faked.identities.selector = 'unix:uid:1000'
  assert.equal((await ask(faked.path, 'FetchX509SVID')).code, 7)
  if (process.getuid?.() !== 0) return
  // As root, another account can be had for real.
  await using workload = await openWorkload({ mode: 0o666 })
  chmodSync(workload.folder, 0o711)
  const program = ownProgram(join(workload.folder, 'open'), 'sorter')
  chmodSync(join(workload.folder, 'open'), 0o711)
  const source = `process.setgid(65534); process.setuid(65534);
    const s = require('node:http2').connect('http://localhost', { createConnection: () => require('node:net').connect(${JSON.stringify(workload.path)}) });
    const r = s.request(${JSON.stringify({ ...GRPC, ':path': '/SpiffeWorkloadAPI/FetchX509SVID' })});
    const say = (h) => h['grpc-status'] && console.log(h['grpc-status']);
    r.on('response', say).on('trailers', say).on('end', () => s.close()).resume().end(Buffer.alloc(5));`
  await using nobody = new Child(['-e', source], {}, program)
  assert.equal((await nobody.ended).stdout.trim(), '7', nobody.stderr)
  assert.ok(svidOf(await ask(workload.path, 'FetchX509SVID')))
})

test('INV-10 what is no gRPC with the header, or is in another dialect, gets nothing', async () => {
  await using workload = await openWorkload()
  const http = connect(workload.path).on('error', () => undefined)
  let said = ''
  http.on('data', (chunk) => (said += chunk.toString('latin1')))
  http.end(
    'POST /SpiffeWorkloadAPI/FetchX509SVID HTTP/1.1\r\nHost: a\r\nworkload.spiffe.io: true\r\n\r\n',
  )
  await new Promise((resolve) => http.on('close', resolve))
  assert.ok(!said.includes('HTTP/1.1') && !said.includes('spiffe://'), said)
  const one = session(workload.path)
  const dialects = [
    'application/json',
    'application/connect+proto',
    'application/grpc-web+proto',
    '',
  ]
  for (const type of dialects) {
    const headers = { 'content-type': type }
    assert.equal(await status(one, 'FetchX509SVID', { headers }), 'http 415', type)
  }
  assert.equal(await status(one, 'FetchWITSVID'), 'http 404', 'Unimplemented, as gRPC reads it')
  for (const path of ['//a b/', '/%', '/../SpiffeWorkloadAPI/FetchX509SVID', 'x']) {
    const answer = await status(one, '', { headers: { ':path': path } })
    // What is no path at all does not get as far as an answer.
    assert.ok(answer === 'http 404' || answer === undefined, `${path} ${answer}`)
  }
  // Clients write what they like for a host where there is none: the path of the socket, or a port that is none.
  for (const authority of ['%2Ftmp%2Fsocket', '[::', 'x:99999', 'localhost']) {
    const headers = { ':authority': authority }
    assert.equal(await status(one, 'FetchJWTSVID', { headers }), '3', authority)
  }
  one.destroy()
  assert.ok(svidOf(await ask(workload.path, 'FetchX509SVID')), 'it serves on')
})

test('INV-10 messages that are too large, compressed or no messages are refused, and nothing grows', async () => {
  await using workload = await openWorkload()
  const one = session(workload.path)
  const body = message(field(1, 'a'.repeat(70_000)))
  assert.equal(await status(one, 'FetchJWTSVID', { body }), '8')
  const claimed = Buffer.from([0, 0xff, 0xff, 0xff, 0xff])
  assert.equal(await status(one, 'FetchJWTSVID', { body: claimed }), '8')
  const zipped = { body: Buffer.from([1, 0, 0, 0, 1, 0]), headers: { 'grpc-encoding': 'gzip' } }
  assert.equal(await status(one, 'FetchJWTSVID', zipped), '12')
  const broken = Buffer.from([0, 0, 0, 0, 3, 0x0a, 0x7f, 0x41])
  assert.notEqual(await status(one, 'FetchJWTSVID', { body: broken }), '0')
  for (const audience of [
    [field(1, '')],
    [field(1, 'a'.repeat(513))],
    [field(1, 'a\nb')],
    Array.from({ length: 17 }, (_, at) => field(1, `a${at}`)),
  ]) {
    assert.equal(await status(one, 'FetchJWTSVID', { body: message(...audience) }), '3')
  }
  const svid = message(field(1, 'me'), field(2, 'a'.repeat(8_193)))
  assert.equal(await status(one, 'ValidateJWTSVID', { body: svid }), '3')
  one.destroy()
})

test('INV-10 a process that asks without end is told to stop, and others are served meanwhile', async () => {
  await using workload = await openWorkload()
  const one = session(workload.path)
  const asked = Array.from({ length: 30 }, () =>
    status(one, 'FetchJWTSVID', { body: message(field(1, 'a')) }),
  )
  const first = await Promise.all(asked)
  const rest: (string | undefined)[] = []
  for (let at = 0; at < 60; at++) {
    rest.push(await status(one, 'FetchJWTSVID', { body: message(field(1, 'a')) }))
  }
  assert.ok([...first, ...rest].includes('8'), 'ResourceExhausted')
  assert.ok(svidOf(await ask(workload.path, 'FetchX509SVID')))
  one.destroy()
})

test('INV-10 a thousand connections of one process leave room for others', async () => {
  await using workload = await openWorkload()
  const source = `let open = 0, shut = 0;
    for (let i = 0; i < 1000; i++) {
      const s = require('node:net').connect(${JSON.stringify(workload.path)});
      s.on('error', () => {}).on('close', () => { if (++shut === 984) console.log('refused'); });
    }
    setInterval(() => {}, 1e6);`
  await using flood = new Child(['-e', source])
  await until('all but sixteen are refused', () => flood.stdout.includes('refused'))
  assert.ok(svidOf(await ask(workload.path, 'FetchX509SVID')))
  // The kernel refuses some by itself, where they come faster than they are accepted.
  const refused = workload.refused.filter((code) => code === 'workload.connections').length
  assert.ok(refused > 0 && refused <= 984, String(refused))
})

test('INV-10 a peer that says nothing, or does not read what it asked for, is cut', async () => {
  const timer = new FakeTimer()
  await using workload: FakeWorkload = await openWorkload({ timer })
  const silent = connect(workload.path).on('error', () => undefined)
  const closed = new Promise((resolve) => silent.on('close', resolve).resume())
  await until('the greeting is waited for', () => timer.waiting.some(({ ms }) => ms === 10_000))
  timer.fire()
  await closed
  const deaf = session(workload.path, { initialWindowSize: 0 })
  const stream = deaf.request({ ...GRPC, ':path': '/SpiffeWorkloadAPI/FetchX509Bundles' })
  const cut = new Promise<number | undefined>((resolve) =>
    stream.on('error', () => undefined).on('close', () => resolve(stream.rstCode)),
  )
  stream.end(EMPTY)
  await until('the stream listens', () => workload.listening() === 1)
  await until('it is cut', () => {
    workload.changed('trust')
    timer.fire()
    return stream.destroyed || stream.closed
  })
  assert.equal(await cut, 11, 'ENHANCE_YOUR_CALM')
  await until('nothing is kept for it', () => workload.listening() === 0)
  deaf.destroy()
})

test('INV-5 a process whose identity was revoked gets none by asking again', async () => {
  await using workload = await openWorkload()
  const one = session(workload.path)
  const body = message(field(1, 'a'))
  assert.equal(await status(one, 'FetchJWTSVID', { body }), '0')
  const [instance] = workload.identities.instances.keys()
  workload.identities.end(instance!, 'revoked')
  assert.equal(await status(one, 'FetchJWTSVID', { body }), '7')
  assert.equal(await status(session(workload.path), 'FetchX509SVID'), '7')
  one.destroy()
})

test('INV-8 no two answers share a key, and no key is in what we say of them', async () => {
  await using workload = await openWorkload({ timer: systemTimer })
  await using one = new WorkloadProcess(workload.path, 'FetchX509SVID')
  await using two = new WorkloadProcess(workload.path, 'FetchX509SVID')
  const keys = [svidOf(await one.line()), svidOf(await two.line())].map(
    (svid) => svid.x509_svid_key,
  )
  assert.equal(new Set(keys).size, 2, 'no two answers share a key')
  assert.ok(
    !JSON.stringify([workload.failures, workload.refused, workload.identities.evidence]).includes(
      keys[0]!,
    ),
  )
})
