// Holds waking up: a machine that slept for a week, or for longer than a root lives, works again by fresh evidence alone.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { request } from 'undici'
import { Holder } from '../../src/cli/identity/holder.ts'
import { settings } from '../../src/server/settings.ts'
import { startBailiwick, type Running } from '../../src/server/start.ts'
import { hex, sha256 } from '../../src/std/bytes.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { readPem } from '../../src/std/pem.ts'
import { systemTimer } from '../../src/std/timer.ts'
import { FakeClock } from '../fakes/clock.ts'
import { fakeRequest, FakeTimer, p256 } from '../fakes/identity.ts'

const DAY = 86_400_000

interface Machine {
  readonly home: string
  readonly clock: FakeClock
  readonly timer: FakeTimer
  start(): Promise<Running>
}

/** A machine whose clock a test moves, and whose home is thrown away. TLS itself goes by the real time. */
function machine(at: number): Machine & Disposable {
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-asleep-'))
  const clock = new FakeClock(at)
  const timer = new FakeTimer()
  const ports = { controlPort: 0, identityPort: 0, gatewayPort: 0 }
  const logFile = join(home, 'operator.log')
  const given = settings({ home, logFile, ...ports }, { BAILIWICK_WORKLOAD_SOCKET: 'off' })
  return {
    home,
    clock,
    timer,
    start: () =>
      startBailiwick(given, {
        clock,
        timer,
        entropy: systemEntropy,
      }),
    [Symbol.dispose]: () =>
      rmSync(home, {
        recursive: true,
        force: true,
      }),
  }
}

/** Registers an agent that acts by itself. */
async function register({ core }: Running): Promise<string> {
  const [person] = core.authority.people.list()
  const id = person!.id
  const agent = { name: 'worker', owner: id, purpose: 'is tested', roles: [], unattended: true }
  await core.authority.agents.register(agent, { person: id })
  return id
}

/** Enrols without a connection; answers the fingerprint of the certificate. */
async function enrolInside({ core }: Running, by: string): Promise<string> {
  const { token } = await core.identities.issueJoinToken({ agent: 'worker', by })
  const issued = await core.identities.enrol({ token, csr: fakeRequest(p256()) })
  return hex(sha256(readPem('CERTIFICATE', issued.certificates)[0]!))
}

/** Enrols over TLS as programs do, and shows the certificate to the gateway. */
async function worksOverTls(running: Running, by: string): Promise<void> {
  const { token: joinToken } = await running.core.identities.issueJoinToken({ agent: 'worker', by })
  const holder = await Holder.enrol({
    identityUrl: running.urls.identity,
    joinToken,
    clock: systemClock,
    timer: systemTimer,
    entropy: systemEntropy,
  })
  const { dispatcher } = { dispatcher: holder.dispatcher() }
  const health = await request(`${running.urls.gateway}/healthz`, { dispatcher })
  assert.equal(health.statusCode, 200)
  await health.body.dump()
  // Past the question who it is: the refusal is about the system, which is not there.
  const call = await request(`${running.urls.gateway}/mcp/nothing`, {
    dispatcher,
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
  })
  assert.notEqual(call.statusCode, 401, await call.body.text())
  await holder.renew()
  assert.equal(running.core.identities.list().length, 1)
  await holder.close()
}

for (const [asleep, ms, roots] of [
  ['a week', 7 * DAY, ['active']],
  ['eleven years, its root ended', 4_017 * DAY, ['ended', 'active']],
] as const) {
  test(`INV-8 asleep for ${asleep}: everything has expired, and fresh evidence alone brings it back`, async () => {
    using at = machine(systemClock.now() - ms)
    let running = await at.start()
    const by = await register(running)
    const fingerprint = await enrolInside(running, by)
    assert.ok(running.core.identities.list().length === 1)
    await running.close()
    at.clock.setWall(systemClock.now())
    running = await at.start()
    try {
      assert.deepEqual(running.core.identities.list(), [])
      const why = { certificate: fingerprint, csr: fakeRequest(p256()) }
      await assert.rejects(running.core.identities.renew(why), { code: 'identity.unrecognised' })
      assert.deepEqual(
        running.core.roots.list().map(({ state }) => state),
        roots,
      )
      await worksOverTls(running, by)
    } finally {
      await running.close()
    }
  })

  test(`INV-8 asleep for ${asleep} while it runs: the listeners are certified again and it goes on`, async () => {
    using at = machine(systemClock.now() - ms)
    const running = await at.start()
    try {
      const by = await register(running)
      await enrolInside(running, by)
      at.clock.setWall(systemClock.now())
      at.timer.fire()
      await running.core.roots.sweep()
      // Its timers may come in any order after a sleep; the next round finds what the first one left.
      at.timer.fire()
      assert.deepEqual(running.core.identities.list(), [])
      assert.deepEqual(
        running.core.roots.list().map(({ state }) => state),
        roots,
      )
      await worksOverTls(running, by)
    } finally {
      await running.close()
    }
  })
}
