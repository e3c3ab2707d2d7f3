// Holds the Workload API of a whole Bailiwick: a process that speaks only standards is attested, calls the gateway, and is refused.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { settings } from '../../src/server/settings.ts'
import { startBailiwick, type Running } from '../../src/server/start.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { pem } from '../../src/std/pem.ts'
import { systemTimer } from '../../src/std/timer.ts'
import { legacy } from './client.ts'
import { until } from './until.ts'
import { ask, ownProgram, svidOf, WorkloadProcess, type Line } from './workload-process.ts'

const AGENT = 'sorter'
let home: string
let running: Running
let socket: string
let program: string
let person: string

before(async () => {
  home = mkdtempSync(join(tmpdir(), 'bailiwick-workload-e2e-'))
  program = ownProgram(join(home, 'bin'), 'sorter')
  const machine = { clock: systemClock, entropy: systemEntropy, timer: systemTimer }
  const ports = { controlPort: 0, identityPort: 0, gatewayPort: 0 }
  const logFile = join(home, 'bailiwick.log')
  running = await startBailiwick(settings({ home, logFile, ...ports }, {}), machine)
  socket = running.urls.workload!.slice('unix://'.length)
  const { authority, identities } = running.core
  person = authority.people.list()[0]!.id
  const agent = { name: AGENT, owner: person, purpose: 'sorts mail', roles: [], unattended: true }
  await authority.agents.register(agent, { person })
  await identities.registrations.register(
    {
      agent: AGENT,
      attestor: 'unix',
      source: '',
      selectors: [`unix:uid:${process.getuid!()}`, `unix:path:${program}`],
    },
    person,
  )
})

after(async () => {
  await running.close()
  rmSync(home, { recursive: true, force: true })
})

/** One request to the gateway over mutual TLS with what the Workload API answered; the HTTP status. */
function call(line: Line): Promise<number | undefined> {
  const svid = svidOf(line)
  const der = Buffer.from(svid.x509_svid_key, 'base64').toString('base64')
  const { headers, body } = legacy('ping')
  return new Promise((resolve, reject) => {
    const one = request(
      `${running.urls.gateway}/mcp/probe`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        agent: false,
        ca: pem('CERTIFICATE', Buffer.from(svid.bundle, 'base64')),
        cert: pem('CERTIFICATE', Buffer.from(svid.x509_svid, 'base64')),
        key: `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`,
      },
      (response) => {
        response.resume().on('end', () => resolve(response.statusCode))
      },
    )
    one.on('error', reject).end(body)
  })
}

test('a process is attested, known to the gateway, and refused at once when its instance is revoked', async () => {
  await using sorter = new WorkloadProcess(socket, 'FetchX509SVID', { program })
  const line = await sorter.line()
  const id = svidOf(line).spiffe_id
  assert.match(id, new RegExp(`^spiffe://[^/]+/agent/${AGENT}/`))
  const { identities } = running.core
  const { attested } = identities.live(id.slice(-36))!
  assert.equal(attested?.attestor, 'unix')
  // There is no such system, and it is told so: it was let in.
  assert.equal(await call(line), 404)
  await identities.revokeInstance(id.slice(-36), 'a test revokes', person)
  assert.equal((await sorter.line(2)).code, 7)
  assert.equal(await call(line), 401)
})

test('the same runtime under its own name, and every other process, has no identity', async () => {
  assert.equal((await ask(socket, 'FetchX509SVID')).code, 7)
  assert.equal((await ask(socket, 'FetchJWTSVID', { request: { audience: ['a'] } })).code, 7)
})

test('a JWT-SVID is recorded, and validated while its instance lives', async () => {
  const request = { audience: ['somebody'] }
  const { svid, spiffe_id: id } = svidOf(await ask(socket, 'FetchJWTSVID', { request, program }))
  const { identities } = running.core
  const check = { svid, audience: 'somebody' }
  if (identities.live(id.slice(-36)) !== undefined) {
    const { answer } = await ask(socket, 'ValidateJWTSVID', { request: check })
    assert.equal(answer?.spiffe_id, id)
  }
  // The process ended with its answer, and its instance with it.
  await until('the instance has ended', () => identities.live(id.slice(-36)) === undefined)
  assert.equal((await ask(socket, 'ValidateJWTSVID', { request: check })).code, 3)
})

test('a lock on the agent ends the stream, and lifting it lets the program in again', async () => {
  const { authority } = running.core
  await using locked = new WorkloadProcess(socket, 'FetchX509SVID', { program })
  await locked.line()
  const target = { kind: 'agent' as const, name: AGENT }
  const lock = await authority.locks.add({ target, reason: 'a test locks', person })
  assert.equal((await locked.line(2)).code, 7)
  assert.equal((await ask(socket, 'FetchX509SVID', { program })).code, 7)
  await authority.locks.remove(lock.id, { person, reason: 'a test unlocks' })
  assert.ok(svidOf(await ask(socket, 'FetchX509SVID', { program })))
})
