// Holds attestation end to end: a CI job and a machine of a fleet that call through the gateway with one command and no credential.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { request } from 'undici'
import { checkRequest } from '../../src/authority/identity/csr.ts'
import { attestedEnrolment } from '../../src/cli/enrolment.ts'
import { tokenEvidence } from '../../src/cli/identity/evidence.ts'
import { pool } from '../../src/server/holder/connection.ts'
import { Holder } from '../../src/cli/identity/holder.ts'
import { pinnedAuthority } from '../../src/server/holder/pin.ts'
import { makeRequest } from '../../src/server/holder/request.ts'
import { settings } from '../../src/server/settings.ts'
import { startBailiwick } from '../../src/server/start.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { systemTimer } from '../../src/std/timer.ts'
import { Instance, InstancesAnswer } from '../../src/wire/api/instance.ts'
import { LocksAnswer } from '../../src/wire/api/lock.ts'
import { FakeClock } from '../fakes/clock.ts'
import { Fleet, MACHINE } from '../fakes/fleet.ts'
import { FakeTimer } from '../fakes/identity.ts'
import { FakeIssuer } from '../fakes/issuer.ts'
import { FakeShell } from '../fakes/shell.ts'
import { Bailiwick, testServer } from './bailiwick.ts'
import { Child, MAIN } from './child.ts'
import { textOf } from './client.ts'
import { until } from './until.ts'

const POLICY = `@id("builders") @without("user, task") permit (principal in Role::"builder", action == Action::"probe/echo", resource);`
const WEEK = 604_800_000
const BECAUSE = ['--reason', 'is tested']

let bailiwick: Bailiwick
let issuer: FakeIssuer
let fleet: Fleet
let folder: string
let authority: string

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bailiwick-attestation-'))
  bailiwick = await Bailiwick.start()
  issuer = await FakeIssuer.open()
  fleet = new Fleet()
  writeFileSync(join(folder, 'journal'), '')
  await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', join(folder, 'journal')))
  await bailiwick.apply(POLICY)
  await bailiwick.agent('builder', ['builder'])
  authority = (await bailiwick.status()).authority_fingerprint
  const { root } = fleet
  await done('trust', 'add', 'oidc', 'ci', '--issuer', issuer.url, '--audience', 'bailiwick')
  await done('trust', 'add', 'x509', 'fleet', '--ca', root.files.certificate)
  const selected = ['--selector', 'oidc:repository:acme/shop', '--prove', 'code=sha']
  await done('registration', 'add', 'builder', '--attestor', 'oidc', '--source', 'ci', ...selected)
  const machines = ['--selector', 'x509pop:san:dns:build.fleet', '--scope', 'probe/echo']
  await done(
    'registration',
    'add',
    'builder',
    '--attestor',
    'x509pop',
    '--source',
    'fleet',
    ...machines,
  )
})

after(async () => {
  await bailiwick[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
  fleet[Symbol.dispose]()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs a command as the operator; it has to succeed. */
async function done(...words: string[]): Promise<string> {
  const reason = words[0] === 'trust' ? BECAUSE : []
  const { code, stdout, stderr } = await bailiwick.cli(['-o', 'json', ...words, ...reason])
  assert.equal(code, 0, stderr)
  return stdout
}

/** One call by a program that has no home and no credential. */
async function call(...evidence: string[]) {
  const words = [
    '-o',
    'json',
    'call',
    'probe',
    'echo',
    '--as',
    'builder',
    '--json',
    '{"text":"hi"}',
  ]
  const urls = ['--identity', bailiwick.identityUrl, '--gateway', bailiwick.gatewayUrl]
  await using child = new Child([MAIN, ...words, ...urls, ...evidence], {
    BAILIWICK_HOME: join(folder, 'none'),
    BAILIWICK_AUTHORITY: authority,
  })
  child.say('')
  return await child.ended
}

async function tokenFile(claims: Record<string, unknown> = {}): Promise<string[]> {
  const file = join(folder, 'token')
  writeFileSync(file, `${await issuer.token(systemClock.now(), { sha: 'f00d', ...claims })}\n`)
  return ['--attest', 'oidc', '--source', 'ci', '--token-file', file]
}

function codeOf(stderr: string): string {
  const line = stderr.trim().split('\n').at(-1)!
  return (JSON.parse(line) as { error: { code: string } }).error.code
}

test('a CI job makes a governed call with the token of its platform, and the record says who it was', async () => {
  const evidence = await tokenFile({ run_id: 1 })
  const ran = await call(...evidence)
  assert.equal(ran.code, 0, ran.stderr)
  assert.equal(textOf(JSON.parse(ran.stdout) as Record<string, unknown>), 'hi')
  const enrolled = (await bailiwick.records('instance.enrolled')).at(-1)!.record
  assert.equal(enrolled.agent, 'builder')
  assert.equal(enrolled.body['source'], 'ci')
  const composition = JSON.parse(JSON.stringify(enrolled.body['composition'])) as unknown
  assert.deepEqual(composition, { code: { value: 'f00d', assurance: 'attested' } })
  const intent = (await bailiwick.records('call.intent')).at(-1)!.record
  assert.equal(intent.instance, enrolled.instance)
  const again = await call(...evidence)
  assert.equal(codeOf(again.stderr), 'attest.replayed')
  const other = await call(...(await tokenFile({ repository: 'acme/other' })))
  assert.equal(codeOf(other.stderr), 'attest.unregistered')
})

test('a machine of the fleet makes one with its certificate, and its registration narrows it', async () => {
  const names = [...MACHINE, 'subjectAltName=DNS:build.fleet']
  for (const key of [['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'], ['rsa:2048'], ['ed25519']]) {
    const { files } = fleet.issue('/CN=build', names, { key })
    const words = ['--source', 'fleet', '--cert', files.certificate, '--key', files.key]
    const ran = await call('--attest', 'x509pop', ...words)
    assert.equal(ran.code, 0, ran.stderr)
  }
  using stranger = new Fleet()
  const { files } = stranger.issue('/CN=build', names)
  const words = ['--source', 'fleet', '--cert', files.certificate, '--key', files.key]
  const refused = await call('--attest', 'x509pop', ...words)
  assert.equal(codeOf(refused.stderr), 'attest.evidence')
})

test('evidence is shown to the authority that was named, and to nobody else', async () => {
  const evidence = await tokenFile({ run_id: 2 })
  const wrong = await call(...evidence, '--authority', 'A'.repeat(43))
  assert.equal(codeOf(wrong.stderr), 'holder.wrong_authority')
  const named = await call(...evidence, '--as', 'another')
  assert.equal(codeOf(named.stderr), 'holder.other_agent')
  const live = await bailiwick.control.get('/v1/instances', InstancesAnswer)
  assert.deepEqual(live.instances, [], 'every call has given its identity up')
})

test('INV-9 the routes of attestation take no credential of an agent, one method, and bodies that are whole', async (t) => {
  const trusted = await pinnedAuthority(bailiwick.identityUrl, authority)
  const dispatcher = pool(trusted, 'identity')
  t.after(() => dispatcher.close())
  const ask = async (method: 'GET' | 'POST', path: string, body?: string) => {
    const headers = { 'content-type': 'application/json' }
    const url = `${bailiwick.identityUrl}${path}`
    const asked = { dispatcher, method, headers, ...(body === undefined ? {} : { body }) }
    const response = await request(url, asked)
    const { code } = (await response.body.json()) as { code?: string }
    return [response.statusCode, code]
  }
  for (const path of ['/v1/attest', '/v1/attest/challenge']) {
    assert.deepEqual(await ask('GET', path), [405, 'identity.method'])
    assert.deepEqual(await ask('POST', path, '{}'), [400, 'identity.request'])
    assert.deepEqual(await ask('POST', path, '{"a":1,"a":1}'), [400, 'json.duplicate_key'])
    const large = await ask('POST', path, `{"csr":"${'x'.repeat(70_000)}"}`)
    assert.deepEqual(large, [413, 'identity.body_size'])
  }
  // A challenge costs nothing and says nothing: also of a source that is not there.
  const asked = JSON.stringify({ attestor: 'x509pop', source: 'nobody', csr: 'x' })
  assert.deepEqual(await ask('POST', '/v1/attest/challenge', asked), [200, undefined])
  // Without a request that proves a key, no issuer is asked.
  const before = issuer.asked.length
  const token = await issuer.token(systemClock.now(), {}, { kid: 'unheard-of' })
  const keyless = JSON.stringify({ attestor: 'oidc', source: 'ci', csr: 'x', token })
  assert.deepEqual(await ask('POST', '/v1/attest', keyless), [400, 'identity.csr_malformed'])
  assert.equal(issuer.asked.length, before)
})

test('`instance show` tells what vouched for an instance; removing the source ends it at once', async () => {
  const source = ['--issuer', issuer.url, '--audience', 'other']
  await done('trust', 'add', 'oidc', 'passing', ...source)
  const words = ['--attestor', 'oidc', '--source', 'passing', '--selector', 'oidc:sub:robot']
  await done('registration', 'add', 'builder', ...words)
  const token = await issuer.token(systemClock.now(), { aud: 'other', sub: 'robot' })
  const holder = await Holder.attest({
    clock: systemClock,
    timer: systemTimer,
    entropy: systemEntropy,
    evidence: tokenEvidence({ source: 'passing', token: () => token }),
    authority,
    identityUrl: bailiwick.identityUrl,
  })
  const { instance } = holder.identity
  const shown = Instance.parse(JSON.parse(await done('instance', 'show', instance)))
  assert.equal(shown.attested_by?.source, 'passing')
  assert.equal(shown.attested_by?.subject, 'robot')
  assert.deepEqual(shown.attested_by?.selectors, ['oidc:sub:robot'])
  await done('trust', 'rm', 'passing')
  const live = await bailiwick.control.get('/v1/instances', InstancesAnswer)
  assert.deepEqual(live.instances, [])
  await assert.rejects(holder.renew(), { status: 401 })
  await holder.close()
})

test('INV-8 a join token that is used twice locks whoever was first, until a person lifts it', async () => {
  const token = join(folder, 'join.token')
  writeFileSync(token, await bailiwick.joinToken('builder'))
  const holder = await bailiwick.enrol('builder')
  const locks = () => bailiwick.control.get('/v1/locks', LocksAnswer)
  assert.deepEqual((await locks()).locks, [])
  await using first = bailiwick.spawnCli([
    'mcp',
    'probe',
    '--as',
    'builder',
    '--join-token-file',
    token,
    '--identity',
    bailiwick.identityUrl,
    '--gateway',
    bailiwick.gatewayUrl,
  ])
  await until('the bridge has enrolled', () => first.stderr.includes('instance'))
  const second = await call('--join-token-file', token)
  assert.equal(codeOf(second.stderr), 'join_token.reused')
  const [lock] = (await locks()).locks
  assert.equal(lock?.target.kind, 'instance')
  assert.notEqual(lock.target.name, holder.identity.instance)
  assert.ok(first.stderr.includes(lock.target.name))
  await bailiwick.unlock(lock.id)
})

test('INV-8 asleep for a week, everything has expired: the token file is read again, and it is a new instance', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-asleep-attested-'))
  const [clock, timer] = [new FakeClock(systemClock.now() - WEEK), new FakeTimer()]
  const ports = { controlPort: 0, identityPort: 0, gatewayPort: 0 }
  const given = settings(
    { home, logFile: join(home, 'operator.log'), ...ports },
    { BAILIWICK_WORKLOAD_SOCKET: 'off' },
  )
  const running = await startBailiwick(given, { clock, timer, entropy: systemEntropy })
  t.after(async () => {
    await running.close()
    rmSync(home, { recursive: true, force: true })
  })
  const { authority: ours, identities, attestors, roots } = running.core
  const person = ours.people.list()[0]!.id
  const by = { person, reason: 'is tested' }
  const agent = { name: 'worker', owner: person, purpose: 'is tested', roles: [], unattended: true }
  await ours.agents.register(agent, by)
  await ours.trust.add(
    { name: 'ci', kind: 'attest-oidc', issuer: issuer.url, audience: 'bailiwick' },
    by,
  )
  const selectors = ['oidc:repository:acme/shop']
  const registration = { agent: 'worker', attestor: 'oidc', source: 'ci', selectors } as const
  await identities.registrations.register(registration, person)
  const file = { token: await issuer.token(clock.now()) }
  const { csr } = makeRequest()
  const asked = { attestor: 'oidc', source: 'ci', token: file.token, csr } as const
  const before = await identities.enrolAttested({
    attested: await attestors.attest(asked),
    publicKey: checkRequest(csr).publicKey,
  })
  clock.setWall(systemClock.now())
  timer.fire()
  await roots.sweep()
  timer.fire()
  assert.deepEqual(identities.list(), [])
  const shell = new FakeShell(t)
  shell.clock.setWall(clock.now())
  const enrolment = attestedEnrolment(shell, {
    agent: 'worker',
    evidence: tokenEvidence({ source: 'ci', token: () => file.token }),
    authority: roots.active.fingerprint,
    identityUrl: running.urls.identity,
    gatewayUrl: running.urls.gateway,
  })
  await assert.rejects(enrolment.enrol(before.instance), { code: 'attest.evidence' })
  file.token = await issuer.token(clock.now())
  const { holder } = await enrolment.enrol(before.instance)
  const live = identities.live(holder.identity.instance)
  assert.notEqual(holder.identity.instance, before.instance)
  assert.equal(live?.replaces, before.instance)
  assert.equal(holder.over, undefined)
  await holder.close()
})
