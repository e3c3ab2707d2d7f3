// Holds the keys of the authority end to end: rekeyed under load, rotated while holders work, and what a command says of it.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Agent, request } from 'undici'
import { Holder } from '../../src/cli/identity/holder.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { systemTimer } from '../../src/std/timer.ts'
import { AuthorityAnswer } from '../../src/wire/api/authority.ts'
import { Bailiwick, testServer } from './bailiwick.ts'
import { legacy, readAnswer, send, type Answer } from './client.ts'
import { until } from './until.ts'

const HOLDERS = 8
const POLICY = `@id("workers") @without("task") permit (principal in Role::"worker", action, resource);`

let bailiwick: Bailiwick

before(async () => {
  bailiwick = await Bailiwick.start()
  await bailiwick.pin('probe', testServer('fakes/upstream.ts', '2025-11-25'), {
    effects: { echo: ['read'], hang: ['read'] },
  })
  await bailiwick.apply(POLICY)
  await bailiwick.agent('worker', ['worker'])
})

after(() => {
  for (const state of running) state.over = true
  return bailiwick[Symbol.asyncDispose]()
})

function ask(holder: Holder, name: string, args: Record<string, unknown>): Promise<Answer> {
  return send(bailiwick, holder, legacy('tools/call', { name, arguments: args }))
}

const authority = () => bailiwick.control.get('/v1/authority', AuthorityAnswer)

function enrolWith(joinToken: string): Promise<Holder> {
  const ports = { clock: systemClock, timer: systemTimer, entropy: systemEntropy }
  return Holder.enrol({ identityUrl: bailiwick.identityUrl, joinToken, ...ports })
}

/** A holder that calls, one call after the other, until it is told to stop. */
interface Caller {
  readonly holder: Holder
  ok: number
  refused: number
  /** Calls that began after the rekey had resolved and succeeded all the same. */
  late: number
  readonly end: Promise<void>
}

function caller(holder: Holder, state: { rekeyed: boolean; over: boolean }): Caller {
  const self: Caller = { holder, ok: 0, refused: 0, late: 0, end: Promise.resolve() }
  const run = async (): Promise<void> => {
    for (let n = 0; !state.over; n++) {
      const { rekeyed } = state
      try {
        const answer = await ask(holder, 'echo', { text: `call ${n}` })
        const good = answer.status === 200 && answer.rpc === undefined
        if (!good) self.refused++
        else if (rekeyed) self.late++
        else self.ok++
      } catch {
        // A connection that the new root did not vouch for.
        self.refused++
      }
    }
  }
  return Object.assign(self, { end: run() })
}

/** Told to end whatever a test that failed has left running. */
const running: { over: boolean }[] = []

test('INV-5 a rekey under load: nothing old succeeds after it, everything acknowledged is recorded, fresh tokens work at once', async () => {
  const holders = await Promise.all(
    Array.from({ length: HOLDERS }, () => bailiwick.enrol('worker')),
  )
  const hanging = await bailiwick.enrol('worker')
  const early = await bailiwick.joinToken('worker')
  const old = await authority()
  const state = { rekeyed: false, over: false }
  running.push(state)
  const callers = holders.map((holder) => caller(holder, state))
  const hung = ask(hanging, 'hang', {})
  await until('the load', async () => {
    const busy = callers.every(({ ok }) => ok >= 5)
    return busy && (await bailiwick.status()).calls_in_flight >= 1
  })
  const words = ['authority', 'rekey', '--compromised', '--reason', 'stolen', '--yes', '-o', 'json']
  const done = await bailiwick.cli(words)
  state.rekeyed = true
  assert.equal(done.code, 0, done.stderr)
  const {
    fresh,
    distrusted,
    instances_ended: ended,
  } = JSON.parse(done.stdout) as {
    fresh: string
    distrusted: number
    instances_ended: number
  }
  assert.deepEqual([distrusted, ended], [1, HOLDERS + 1])
  assert.match((await hung).code ?? '', /^authenticate\./, 'a running call is cut')

  // At once, with everybody else still hammering.
  const again = await bailiwick.enrol('worker')
  assert.equal((await ask(again, 'echo', { text: 'anew' })).status, 200)
  const seen = callers.map(({ refused }) => refused)
  await until('refusals', () => callers.every(({ refused }, i) => refused >= seen[i]! + 3))
  state.over = true
  await Promise.all(callers.map(({ end }) => end))
  assert.deepEqual(
    callers.map(({ late }) => late),
    Array(HOLDERS).fill(0),
  )

  const now = await authority()
  assert.equal(now.active, fresh)
  assert.deepEqual(
    now.roots.map(({ state: at }) => at),
    ['active', 'distrusted'],
  )
  assert.equal(now.roots[1]?.fingerprint, old.active)
  assert.ok(now.sequence > old.sequence)
  await stillRefused(holders[0]!, now)
  await assert.rejects(enrolWith(early), { code: 'holder.wrong_authority' })
  assert.equal(await enrolRaw(early, now), 'join_token.unknown')

  const acknowledged = callers.reduce((sum, { ok }) => sum + ok, 0)
  const outcomes = await bailiwick.records('call.outcome')
  const good = outcomes.filter(({ record }) => record.body['status'] === 'ok')
  assert.equal(good.length, acknowledged + 1, 'and the one after it')
  assert.equal((await bailiwick.records('call.intent')).length, outcomes.length)
  await until('every instance', async () => {
    const revoked = await bailiwick.records('instance.revoked')
    return revoked.length === HOLDERS + 1
  })
  assert.equal((await bailiwick.verify()).ok, true)
})

/** Whoever has an old certificate and trusts the new root, as a thief would, is nobody. */
async function stillRefused(holder: Holder, now: AuthorityAnswer): Promise<void> {
  const ca = now.roots.find(({ fingerprint }) => fingerprint === now.active)?.certificate ?? ''
  const dispatcher = new Agent({ connect: { ...holder.tls(), ca } })
  const { headers, body } = legacy('tools/list')
  const response = await request(`${bailiwick.gatewayUrl}/mcp/probe`, {
    dispatcher,
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
  const answer = readAnswer(response.statusCode, response.headers, await response.body.text())
  assert.equal(answer.status, 401, answer.text)
  await dispatcher.destroy()
}

/** Shows a token to the listener without looking at the pin in it; answers the code of the refusal. */
async function enrolRaw(token: string, now: AuthorityAnswer): Promise<string | undefined> {
  const ca = now.roots.find(({ fingerprint }) => fingerprint === now.active)?.certificate ?? ''
  const dispatcher = new Agent({ connect: { ca, checkServerIdentity: () => undefined } })
  const { p256, fakeRequest } = await import('../fakes/identity.ts')
  const response = await request(`${bailiwick.identityUrl}/v1/enroll`, {
    dispatcher,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, csr: fakeRequest(p256()) }),
  })
  const answer = readAnswer(response.statusCode, response.headers, await response.body.text())
  await dispatcher.destroy()
  return answer.code
}

test('a rotation interrupts nobody: holders call, renew and enrol through it, with tokens from before it', async () => {
  const holder = await bailiwick.enrol('worker')
  const early = await bailiwick.joinToken('worker')
  const state = { rekeyed: false, over: false }
  running.push(state)
  const working = caller(holder, state)
  await until('calls', () => working.ok >= 3)
  const before = await authority()
  const prepared = await bailiwick.cli(['authority', 'rotate', '--reason', 'yearly', '-o', 'json'])
  assert.equal(prepared.code, 0, prepared.stderr)
  assert.deepEqual((await authority()).roots[0]?.state, 'prepared')
  assert.equal((await authority()).active, before.active)
  const words = ['authority', 'rotate', '--now', '--reason', 'at once']
  const asked = await bailiwick.cli([...words, '--no-input'])
  assert.equal(asked.code, 2, 'it is confirmed first')
  const done = await bailiwick.cli([...words, '--yes', '-o', 'json'])
  assert.equal(done.code, 0, done.stderr)
  const now = await authority()
  assert.notEqual(now.active, before.active)
  assert.equal(now.serving, before.active, 'who knows the old root alone is served by it')
  const seen = working.ok
  await until('more calls', () => working.ok >= seen + 3)
  await holder.renew()
  const late = await enrolWith(early)
  const fresh = await bailiwick.enrol('worker')
  for (const one of [holder, late, fresh]) {
    assert.equal((await ask(one, 'echo', { text: 'on' })).status, 200)
  }
  await late.close()
  state.over = true
  await working.end
  assert.equal(working.refused, 0)
})

test('status, doctor and `authority show` say which root signs and when it ends', async () => {
  const { active, roots } = await authority()
  const ends = roots.find(({ fingerprint }) => fingerprint === active)!.not_after.slice(0, 10)
  const shown = await bailiwick.cli(['authority', 'show'])
  assert.equal(shown.code, 0, shown.stderr)
  const status = await bailiwick.cli(['status'])
  const doctor = await bailiwick.cli(['doctor'])
  for (const { stdout } of [shown, status, doctor]) {
    assert.ok(stdout.includes(active), stdout)
    assert.ok(stdout.includes(ends), stdout)
  }
  const plain = await bailiwick.cli(['authority', 'rekey', '--reason', 'x', '--yes'])
  assert.equal(plain.code, 2)
})

test('another token key changes the bundle and ends nobody', async () => {
  const holder = await bailiwick.enrol('worker')
  const before = await authority()
  const words = ['authority', 'rekey', '--compromised', '--tokens', '--reason', 'leaked', '--yes']
  const done = await bailiwick.cli(words)
  assert.equal(done.code, 0, done.stderr)
  const now = await authority()
  assert.notEqual(now.token_key, before.token_key)
  assert.equal(now.active, before.active)
  assert.ok(now.sequence > before.sequence)
  assert.equal((await ask(holder, 'echo', { text: 'on' })).status, 200)
  await bailiwick.stop()
  await bailiwick.serve()
  assert.equal((await authority()).token_key, now.token_key)
  assert.equal((await authority()).sequence, now.sequence)
})
