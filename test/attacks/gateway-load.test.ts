// Holds attacks on the gateway by how much: too many calls of one instance, and upstreams that die, hang and flood.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Agent, request } from 'undici'
import type { Holder } from '../../src/cli/identity/holder.ts'
import { testServer } from '../e2e/bailiwick.ts'
import { legacy, modern, readAnswer, send, type Answer } from '../e2e/client.ts'
import { until } from '../e2e/until.ts'
import { discreet, SECRET, Target } from './target.ts'

/** Calls of one instance under way at once. */
const LIMIT = 256
const ASKED = 300

let target: Target
let other: Holder

before(async () => {
  target = await Target.open()
  await target.bailiwick.agent('other', ['worker'])
  other = await target.bailiwick.enrol('other')
  await target.bailiwick.pin('bad', testServer('fakes/upstream.ts', '2025-11-25'), {
    secrets: { TOKEN: SECRET },
    maxProcesses: 4,
  })
})

after(() => target[Symbol.asyncDispose]())

test('three hundred calls of one instance: the limit is answered, others go on, and it ends', async () => {
  const { bailiwick, holder } = target
  const dispatcher = new Agent({ connect: holder.tls(), headersTimeout: 0, bodyTimeout: 0 })
  const stop = new AbortController()
  const answers: Answer[] = []
  const calls = Array.from({ length: ASKED }, async (_, i) => {
    const ask = modern('tools/call', { name: 'work', arguments: { name: `many ${i}` } })
    try {
      const response = await request(`${bailiwick.gatewayUrl}/mcp/probe`, {
        dispatcher,
        method: 'POST',
        headers: { ...ask.headers, 'content-type': 'application/json' },
        body: ask.body,
        signal: stop.signal,
      })
      const text = await response.body.text()
      answers.push(readAnswer(response.statusCode, response.headers, text))
    } catch (error) {
      if (!stop.signal.aborted) throw error
    }
  })
  await until('the limit', () => answers.length === ASKED - LIMIT)
  assert.equal((await bailiwick.status()).calls_in_flight, LIMIT)
  for (const answer of answers) {
    assert.deepEqual([answer.rpc, answer.code], [-32013, 'admit.too_many'])
    discreet(answer.text)
  }
  assert.equal((await target.echo('meanwhile', other)).status, 200)
  const more = await target.echo('one more')
  assert.equal(more.code, 'admit.too_many')
  stop.abort()
  await Promise.all(calls)
  await dispatcher.destroy()
  await until('all are over', async () => (await bailiwick.status()).calls_in_flight === 0)
  await target.well()
})

/** Runs something while another agent's calls to the same and to another system all succeed. */
async function undisturbed<T>(run: () => Promise<T>): Promise<T> {
  let over = false
  let served = 0
  const others = (async () => {
    while (!over || served < 3) {
      const answer = await target.echo(`undisturbed ${served}`, other)
      assert.ok(answer.text.includes(`"text":"undisturbed ${served}"`), answer.text)
      const same = await bad('echo', { text: `same ${served}` }, other)
      assert.ok(same.text.includes(`"text":"same ${served}"`), same.text)
      served++
      await pause(5)
    }
  })()
  try {
    return await run()
  } finally {
    over = true
    await others
  }
}

function bad(
  name: string,
  args: Readonly<Record<string, unknown>> = {},
  holder: Holder = target.holder,
): Promise<Answer> {
  const { headers, body } = legacy('tools/call', { name, arguments: args })
  return send(target.bailiwick, holder, { path: '/mcp/bad', headers, body })
}

test('an upstream that dies, floods, talks nonsense or asks back fails its own calls alone', async () => {
  for (const [name, code] of [
    ['die', 'upstream.died'],
    ['flood', 'upstream.bad_answer'],
    ['input', 'upstream.asks_input'],
    ['die', 'upstream.died'],
  ] as const) {
    const answer = await undisturbed(() => bad(name))
    assert.deepEqual([answer.status, answer.rpc, answer.code], [200, -32012, code], answer.text)
    discreet(answer.text)
    const again = await bad('echo', { text: 'started anew' })
    assert.ok(again.text.includes('started anew'), again.text)
  }
  for (const [name, says] of [
    ['garbage', 'after garbage'],
    ['ask', 'asked'],
    ['fail', 'it failed'],
  ] as const) {
    const answer = await undisturbed(() => bad(name))
    assert.ok(answer.text.includes(says), answer.text)
  }
  const refusal = await bad('refuse')
  assert.equal(refusal.rpc, -32050, 'an error of the system’s own is passed on')
  assert.ok(!refusal.text.includes(SECRET))
  await target.well()
})

test('an upstream that hangs holds nobody else up, and its caller can leave', async () => {
  const { bailiwick, holder } = target
  // One process is up and idle: what comes next reaches it at once, and is not still on its way when its caller leaves.
  await bad('echo', { text: 'up' })
  const stop = new AbortController()
  const ask = modern('tools/call', { name: 'hang', arguments: {} })
  const hanging = request(`${bailiwick.gatewayUrl}/mcp/bad`, {
    dispatcher: holder.dispatcher(),
    method: 'POST',
    headers: { ...ask.headers, 'content-type': 'application/json' },
    body: ask.body,
    signal: stop.signal,
  }).catch((error: unknown) => error)
  await until('it hangs', async () => {
    const intents = await bailiwick.records('call.intent')
    const sent = intents.some((entry) => entry.record.action === 'hang')
    return sent && (await bailiwick.status()).calls_in_flight === 1
  })
  await undisturbed(() => pause(200))
  const beside = await bad('echo', { text: 'beside it' })
  assert.ok(beside.text.includes('beside it'), 'not even its own agent')
  stop.abort()
  assert.ok((await hanging) instanceof Error)
  await until('it is over', async () => (await bailiwick.status()).calls_in_flight === 0)
  const [outcome] = (await bailiwick.records('call.outcome')).filter(
    (entry) => entry.record.action === 'hang',
  )
  assert.equal(outcome?.record.body['status'], 'cancelled')
  await target.well()
})

test('a system over its cap of processes says so, and serves again when one is free', async () => {
  const { bailiwick } = target
  const holders: Holder[] = []
  for (let i = 0; i < 5; i++) holders.push(await bailiwick.enrol('worker'))
  const stop = new AbortController()
  const ask = modern('tools/call', { name: 'hang', arguments: {} })
  const busy = holders.slice(0, 4).map((holder) =>
    request(`${bailiwick.gatewayUrl}/mcp/bad`, {
      dispatcher: holder.dispatcher(),
      method: 'POST',
      headers: { ...ask.headers, 'content-type': 'application/json' },
      body: ask.body,
      signal: stop.signal,
    }).catch((error: unknown) => error),
  )
  // An upstream counts as idle until its call has reached it.
  await until('four intents', async () => {
    const intents = await bailiwick.records('call.intent')
    const running = intents.filter((entry) => entry.record.action === 'hang').length
    return running >= 5 && (await bailiwick.status()).calls_in_flight === 4
  })
  const answer = await until('the cap', async () => {
    const one = await bad('echo', { text: 'a fifth' }, holders[4])
    return one.code === 'upstream.busy' && one
  })
  discreet(answer.text)
  stop.abort()
  await Promise.all(busy)
  const after = await until('room', async () => {
    const one = await bad('echo', { text: 'a fifth' }, holders[4])
    return one.rpc === undefined && one
  })
  assert.ok(after.text.includes('a fifth'))
  await target.well()
})
