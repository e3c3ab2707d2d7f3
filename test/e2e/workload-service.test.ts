// Holds the Workload API as the standard says it, section by section: over a real socket, from other processes, by grpc-js.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Fault } from '../../src/std/fault.ts'
import { pem } from '../../src/std/pem.ts'
import { decodeJwt } from 'jose'
import { FakeClock } from '../fakes/clock.ts'
import { FakeTimer } from '../fakes/identity.ts'
import { openWorkload, type FakeWorkload } from '../fakes/workload.ts'
import { Child } from './child.ts'
import { until } from './until.ts'
import { ask, ownProgram, svidOf, WorkloadProcess } from './workload-process.ts'

let workload: FakeWorkload
let socket: string
before(async () => {
  workload = await openWorkload()
  socket = workload.path
})
after(() => workload[Symbol.asyncDispose]())

test('Workload Endpoint §3 a request without the security header is InvalidArgument, whatever it asks', async () => {
  const methods = ['FetchX509SVID', 'FetchX509Bundles', 'FetchJWTSVID', 'FetchJWTBundles']
  for (const method of [...methods, 'ValidateJWTSVID']) {
    assert.equal((await ask(socket, method, { metadata: {} })).code, 3, method)
  }
  for (const value of ['false', 'True', 'true ', '1', 'true, true']) {
    const metadata = { 'workload.spiffe.io': value }
    assert.equal((await ask(socket, 'FetchX509Bundles', { metadata })).code, 3, value)
  }
})

test('Workload API §5.2.1 the answer has the SVID, its key and the bundle, each in DER', async () => {
  const line = await ask(socket, 'FetchX509SVID')
  const svid = svidOf(line)
  const certificate = new X509Certificate(Buffer.from(svid.x509_svid, 'base64'))
  const root = new X509Certificate(Buffer.from(svid.bundle, 'base64'))
  const key = createPrivateKey({
    key: Buffer.from(svid.x509_svid_key, 'base64'),
    format: 'der',
    type: 'pkcs8',
  })
  assert.equal(certificate.subjectAltName, `URI:${svid.spiffe_id}`)
  assert.ok(certificate.checkPrivateKey(key))
  assert.ok(certificate.checkIssued(root) && certificate.verify(root.publicKey))
  assert.deepEqual([svid.hint, line.answer?.crl, line.answer?.federated_bundles], ['', [], {}])
})

test('OpenSSL takes the SVID for a client and for a server, from the bundle alone', async () => {
  const svid = svidOf(await ask(socket, 'FetchX509SVID'))
  const file = (name: string, der: string): string => {
    const path = join(workload.folder, name)
    writeFileSync(path, pem('CERTIFICATE', Buffer.from(der, 'base64')))
    return path
  }
  const [root, leaf] = [file('root.pem', svid.bundle), file('leaf.pem', svid.x509_svid)]
  for (const purpose of ['sslclient', 'sslserver']) {
    const args = ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', root, leaf]
    const { status, stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' })
    assert.equal(status, 0, stdout + stderr)
  }
})

test('Workload API §4.3 a stream answers at once, and again with the whole when the bundle changes', async () => {
  await using client = new WorkloadProcess(socket, 'FetchX509SVID')
  const first = svidOf(await client.line())
  workload.rules.roots = [workload.identities.root, workload.identities.root]
  workload.changed('trust')
  const second = svidOf(await client.line(2))
  workload.rules.roots = [workload.identities.root]
  assert.equal(second.bundle.length > first.bundle.length, true)
  assert.equal(second.spiffe_id, first.spiffe_id)
  assert.notEqual(second.x509_svid_key, first.x509_svid_key)
})

test('Workload API §4.3 a new SVID comes before half of the life of the last is over', async () => {
  const [clock, timer] = [new FakeClock(Date.now()), new FakeTimer()]
  await using slow = await openWorkload({ clock, timer })
  await using client = new WorkloadProcess(slow.path, 'FetchX509SVID')
  const first = svidOf(await client.line())
  const half = 1_800_000 - 30_000
  const due = await until('the next is due', () =>
    timer.waiting.find(({ ms }) => ms > 0.79 * half && ms <= half),
  )
  clock.advance(due.ms)
  due.run()
  const second = svidOf(await client.line(2))
  assert.equal(second.spiffe_id, first.spiffe_id)
  assert.notEqual(second.x509_svid, first.x509_svid)
  const [ended] = slow.identities.evidence
  assert.deepEqual(slow.identities.evidence[1], ended, 'attested again, as the same process')
})

test('Workload API §5.2.1 who has no identity is PermissionDenied, and so is who loses it', async () => {
  workload.identities.selector = 'unix:uid:4242'
  assert.equal((await ask(socket, 'FetchX509SVID')).code, 7)
  assert.equal((await ask(socket, 'FetchJWTSVID', { request: { audience: ['a'] } })).code, 7)
  workload.identities.selector = 'unix:uid:0'
  await using revoked = new WorkloadProcess(socket, 'FetchX509SVID')
  const { spiffe_id: id } = svidOf(await revoked.line())
  workload.identities.end(id.slice(-36), 'revoked')
  assert.equal((await revoked.line(2)).code, 7)
  await using locked = new WorkloadProcess(socket, 'FetchX509SVID')
  await locked.line()
  const kind = { status: 403, next: 'wait' }
  workload.rules.against = new Fault('identity.agent_inactive', kind, 'the agent is not active')
  workload.changed('standing')
  const { code, details } = await locked.line(2)
  assert.equal(code, 7)
  assert.match(details!, /^the agent is not active \(identity\.agent_inactive\)/)
  assert.equal((await ask(socket, 'FetchX509SVID')).code, 7)
  workload.rules.against = undefined
})

test('Workload API §5.2.2, §6.2.2 bundles are by trust domain, for any process, and follow what is trusted', async () => {
  workload.identities.selector = 'unix:uid:4242'
  await using client = new WorkloadProcess(socket, 'FetchX509Bundles')
  const { bundles } = (await client.line()).answer!
  assert.deepEqual(Object.keys(bundles!), ['spiffe://bailiwick.test'])
  assert.ok(new X509Certificate(Buffer.from(bundles!['spiffe://bailiwick.test']!, 'base64')).ca)
  workload.changed('trust')
  await client.line(2)
  const jwt = (await ask(socket, 'FetchJWTBundles')).answer!.bundles!
  const keys = JSON.parse(Buffer.from(jwt['spiffe://bailiwick.test']!, 'base64').toString()) as {
    keys: { use: string }[]
  }
  assert.deepEqual(
    keys.keys.map(({ use }) => use),
    ['jwt-svid'],
  )
  workload.identities.selector = 'unix:uid:0'
})

test('Workload API §6.2.1 a JWT-SVID is for the audiences that are named, and for the one identity', async () => {
  const request = { audience: ['one', 'two', 'one'] }
  const { svid, spiffe_id: id } = svidOf(await ask(socket, 'FetchJWTSVID', { request }))
  const { sub, aud, exp, iat } = decodeJwt(svid)
  assert.deepEqual([sub, aud], [id, ['one', 'two']])
  assert.ok(exp! - iat! <= 300, 'at most five minutes')
  const { body } = workload.audit.last('svid.jwt_issued')
  assert.deepEqual(body['audience'], ['one', 'two'], 'its issuance is recorded')
  const other = { ...request, spiffe_id: 'spiffe://bailiwick.test/agent/other/1' }
  assert.equal((await ask(socket, 'FetchJWTSVID', { request: other })).code, 7)
})

test('Workload API §4.5 a mandatory field without a value is InvalidArgument', async () => {
  for (const request of [{}, { audience: [] }, { audience: [''] }]) {
    assert.equal((await ask(socket, 'FetchJWTSVID', { request })).code, 3, JSON.stringify(request))
  }
  for (const request of [{}, { audience: 'a' }, { svid: 'a.b.c' }]) {
    assert.equal((await ask(socket, 'ValidateJWTSVID', { request })).code, 3)
  }
})

test('Workload API §6.2.3 validating answers the SPIFFE ID and the claims', async () => {
  await using holder = new WorkloadProcess(socket, 'FetchX509SVID')
  const { spiffe_id: id } = svidOf(await holder.line())
  const svid = await workload.tokens.sign({ instance: id.slice(-36), audience: ['me'] })
  const { answer } = await ask(socket, 'ValidateJWTSVID', { request: { svid, audience: 'me' } })
  assert.equal(answer?.spiffe_id, id)
  assert.match(JSON.stringify(answer?.claims), /"aud"/)
  const wrong = await ask(socket, 'ValidateJWTSVID', { request: { svid, audience: 'you' } })
  assert.equal(wrong.code, 3)
})

test('a program is known by its path and its content, and by nothing that it says of itself', async () => {
  const program = ownProgram(join(workload.folder, 'bin'), 'sorter')
  const sorter = { program }
  await ask(socket, 'FetchX509SVID', sorter)
  const { selectors } = workload.identities.evidence.at(-1)!
  assert.ok(selectors.includes(`unix:path:${program}`), selectors.join(' '))
  assert.ok(selectors.some((one) => /^unix:sha256:[0-9a-f]{64}$/.test(one)))
  workload.identities.selector = `unix:path:${program}`
  await using running = new WorkloadProcess(socket, 'FetchX509SVID', sorter)
  svidOf(await running.line())
  assert.equal((await ask(socket, 'FetchX509SVID')).code, 7, 'the same runtime by its own name')
  workload.identities.selector = 'unix:uid:0'
})

test('nothing is left behind by streams that ended', async () => {
  await until('no stream listens', () => workload.listening() === 0)
  assert.deepEqual(workload.failures, [])
})

test('a socket that a dead process left is replaced, a live one and a file are not', async () => {
  await using other = await openWorkload()
  const live = join(other.folder, 'live.sock')
  await assert.rejects(openWorkload({ path: other.path }), { code: 'workload.socket_live' })
  const source = `require('node:net').createServer().listen(${JSON.stringify(live)}, () => console.log('up'))`
  await using dead = new Child(['-e', source])
  await until('the other process listens', () => dead.stdout.includes('up'))
  await assert.rejects(openWorkload({ path: live }), { code: 'workload.socket_live' })
  dead.kill('SIGKILL')
  await dead.ended
  assert.ok(statSync(live).isSocket(), 'it was left')
  await using again = await openWorkload({ path: live })
  assert.equal(statSync(live).mode & 0o777, 0o600)
  assert.ok((await ask(again.path, 'FetchX509Bundles')).answer)
  const file = join(other.folder, 'file')
  writeFileSync(file, 'kept')
  await assert.rejects(openWorkload({ path: file }), { code: 'workload.socket_path' })
  assert.equal(statSync(file).size, 4)
})

test('a directory that others write to, or a path that no socket can have, is refused', async () => {
  await assert.rejects(openWorkload({ path: '/tmp/bailiwick-test.sock' }), {
    code: 'workload.socket_path',
  })
  await assert.rejects(openWorkload({ path: 'relative.sock' }), { code: 'workload.socket_path' })
  await assert.rejects(openWorkload({ path: `/tmp/${'a'.repeat(120)}/w.sock` }), {
    code: 'workload.socket_path',
  })
})
