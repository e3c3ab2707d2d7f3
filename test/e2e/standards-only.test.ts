// Holds the whole of identity from outside: an agent that speaks only standards gets an identity, renews it, calls, and is refused.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { RotateAnswer } from '../../src/wire/api/authority.ts'
import { Instance } from '../../src/wire/api/instance.ts'
import { Registration } from '../../src/wire/api/registration.ts'
import { Status } from '../../src/wire/api/status.ts'
import { Bailiwick, testServer } from './bailiwick.ts'
import { Child } from './child.ts'
import { until } from './until.ts'
import { ownProgram } from './workload-process.ts'

const AGENT = fileURLToPath(new URL('../interop/standards-agent.mjs', import.meta.url))
const PROTO = fileURLToPath(new URL('../../src/api/workload/workload.proto', import.meta.url))

type Said = { readonly step: string } & Readonly<Record<string, unknown>>

/** Lines of the agent so far. */
function said(agent: Child): readonly Said[] {
  const whole = agent.stdout.slice(0, agent.stdout.lastIndexOf('\n') + 1)
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Said)
}

/** The lines of one step, once there are that many. */
async function steps(agent: Child, step: string, many = 1): Promise<readonly Said[]> {
  return until(`${many} × ${step}`, () => {
    const found = said(agent).filter((line) => line.step === step)
    if (found.length < many && agent.gone) {
      throw new Error(`the agent ended: ${agent.stdout}\n${agent.stderr}`)
    }
    return found.length < many ? undefined : found
  })
}

test('INV-8 an agent that speaks only standards gets an identity, renews it, calls, and is refused after revocation', async () => {
  await using bailiwick = await Bailiwick.start()
  const journal = join(bailiwick.home, 'journal')
  writeFileSync(journal, '')
  await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', journal))
  await bailiwick.apply(
    `@id("w") @without("user, task") permit (principal in Role::"worker", action, resource);`,
  )
  await bailiwick.agent('worker', ['worker'], true)
  const program = ownProgram(join(bailiwick.home, 'bin'), 'worker')
  const { control } = bailiwick
  await control.send(
    'POST',
    '/v1/registrations',
    {
      agent: 'worker',
      attestor: 'unix',
      selectors: [`unix:uid:${process.getuid!()}`, `unix:path:${program}`],
      unattended: true,
    },
    Registration,
  )
  const { listeners } = await control.get('/v1/status', Status)
  const plain = `${listeners.gateway_plain}/mcp/probe`
  const socket = listeners.workload!.slice('unix://'.length)
  const args = [socket, PROTO, bailiwick.identityUrl, `${bailiwick.gatewayUrl}/mcp/probe`, plain]
  await using agent = new Child([AGENT, ...args], {}, program)

  const [identity] = await steps(agent, 'identity')
  const id = String(identity!['id'])
  assert.match(id, /^spiffe:\/\/[^/]+\/agent\/worker\/[0-9a-f-]{36}$/)
  const [direct] = await steps(agent, 'certificate')
  assert.equal(direct!['status'], 200)
  assert.match(String(direct!['body']), /by certificate/)

  // A new root is published: every SPIFFE client is given what it needs, before anything ends.
  const rotate = { reason: 'a test rotates', now: true }
  await control.send('POST', '/v1/authority/rotate', rotate, RotateAnswer)
  agent.tell('renew\n')
  const [renewed] = await steps(agent, 'renewed')
  assert.deepEqual([renewed!['id'], renewed!['another']], [id, true])
  const [, next] = await steps(agent, 'certificate', 2)
  assert.equal(next!['status'], 200)

  const [challenge] = await steps(agent, 'challenge')
  assert.equal(challenge!['status'], 401)
  assert.match(
    String(challenge!['pointed']),
    /\/\.well-known\/oauth-protected-resource\/mcp\/probe$/,
  )
  const [token] = await steps(agent, 'token')
  assert.equal(token!['type'], 'dpop')
  assert.ok(Number(token!['expires']) <= 600)
  const [narrowed] = await steps(agent, 'narrowed')
  assert.equal(narrowed!['scope'], 'probe/echo')
  const calls = await steps(agent, 'call', 2)
  assert.deepEqual(
    calls.map(({ status }) => status),
    [200, 200],
  )
  assert.equal((await steps(agent, 'introspection'))[0]!['active'], true)

  const path = `/v1/instances/${id.slice(-36)}/revoke`
  await control.send('POST', path, { reason: 'a test revokes' }, Instance)
  agent.tell('again\n')
  const [stream] = await steps(agent, 'stream')
  assert.equal(stream!['code'], 7, String(stream!['details']))
  const refused = await steps(agent, 'refused', 5)
  const facts = refused.map(({ what, status, error, code }) => [what, status ?? code ?? error])
  assert.deepEqual(facts, [
    ['certificate', 401],
    ['token', 401],
    ['narrow token', 401],
    ['grant', 401],
    ['identity', 7],
  ])
  const done = readFileSync(journal, 'utf8')
  assert.ok(!done.includes('late'), done)
  assert.equal((await agent.ended).code, 0)
})
