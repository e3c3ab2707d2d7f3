// Holds tests of the spine over real upstream processes and fake ports.

import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { codeOf, shown, SpineBench, textOf } from '../../test/fakes/spine.ts'
import { utf8 } from '../std/bytes.ts'
import { systemClock } from '../std/clock.ts'
import { parseJson, type JsonObject } from '../std/json.ts'
import { CallControl, CallEnd } from './call.ts'
import { openGateway } from './open.ts'
import { CUT } from './inspect/span.ts'

const bench = new SpineBench()
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

for (const era of ['2025-11-25', '2026-07-28'] as const) {
  describe(`an upstream of ${era}`, () => {
    beforeEach(() => bench.pin(era))

    test('INV-1 an allowed call has its intent on record before it is sent, and its outcome after', async () => {
      const got = await bench.govern('echo', { text: 'hello' })
      assert.equal(textOf(got), 'hello')
      assert.deepEqual(bench.types, ['call.intent', 'call.outcome'])
      assert.equal(bench.fake.records[1]?.ref, 'leaf1')
      assert.equal(bench.lastStatus, 'ok')
    })

    test('INV-1 without a durable intent nothing is sent', async () => {
      bench.fake.auditFails = true
      const got = await bench.govern('die')
      assert.equal(codeOf(got), 'audit.unavailable')
      bench.fake.auditFails = false
      assert.equal(textOf(await bench.govern('echo', { text: 'alive' })), 'alive')
    })

    test('an instance over its quota of records is told when to come back, and nothing is recorded of it', async () => {
      bench.fake.overQuota = { detail: 'more than 5 records a second', retryAfterMs: 1_200 }
      const got = await bench.govern('echo', { text: 'hello' })
      bench.fake.overQuota = undefined
      assert.equal(codeOf(got), 'audit.quota')
      assert.deepEqual(got.kind === 'denied' && got.denial.retryAfterMs, 1_200)
      assert.deepEqual(bench.types, [])
    })

    test('INV-12 the arguments go out as the tree that was read, numbers to the digit', async () => {
      const tree = parseJson(
        utf8('{"value":[1.0,9007199254740993,1e400,"\\u00e9",{"b":1,"a":-0}]}'),
      )
      const got = await bench.govern('args', tree as JsonObject)
      assert.ok(
        textOf(got).startsWith('{"value":[1.0,9007199254740993,1e400,"é",{"b":1,"a":-0}]}'),
        textOf(got),
      )
    })

    test('progress comes through, and a lock cuts the call and its process at once', async () => {
      const control = new CallControl()
      const seen: JsonObject[] = []
      const running = bench.govern(
        'slow',
        {},
        { control, onProgress: (params) => seen.push(params) },
      )
      while (seen.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
      assert.equal(bench.gateway.pool.size, 1)
      bench.fake.lock({ id: 'lock-1', reason: 'testing', target: 'agent agent-a' })
      assert.equal(codeOf(await running), 'call.cut')
      assert.equal(bench.gateway.pool.size, 0)
      assert.equal(bench.lastStatus, 'cut')
      assert.equal(codeOf(await bench.govern('echo', { text: 'x' })), 'admit.locked')
    })

    test('INV-5 once the view is too old no progress goes on, though nobody has told of it', async () => {
      const seen: JsonObject[] = []
      const onProgress = (params: JsonObject): void => void seen.push(params)
      const running = bench.govern('slow', {}, { control: new CallControl(), onProgress })
      while (seen.length < 1) await new Promise((resolve) => setTimeout(resolve, 5))
      bench.fake.lockAge = 60_000
      const then = seen.length
      assert.equal(codeOf(await running), 'call.cut')
      assert.equal(seen.length, then)
      assert.equal(bench.lastStatus, 'cut')
    })
  })
}

describe('what an upstream may do wrong', () => {
  beforeEach(() => bench.pin('2025-11-25'))

  test('dying fails its calls with a reason, and the next call gets a new process', async () => {
    assert.equal(codeOf(await bench.govern('die')), 'upstream.died')
    assert.equal(bench.lastStatus, 'unknown')
    assert.equal(textOf(await bench.govern('echo', { text: 'back' })), 'back')
  })

  test('a line without end is cut off at the limit', async () => {
    assert.equal(codeOf(await bench.govern('flood')), 'upstream.bad_answer')
  })

  test('garbage on its output is passed over', async () => {
    assert.equal(textOf(await bench.govern('garbage')), 'after garbage')
  })

  test('a request that it sends back is refused and recorded', async () => {
    assert.equal(textOf(await bench.govern('ask')), 'asked')
    const refused = bench.fake.records.find((record) => record.type === 'call.denied')
    assert.equal(refused?.body['principal'], 'system fake')
    assert.equal(refused?.body['method'], 'sampling/createMessage')
  })

  test('its own error is passed on as its own', async () => {
    const got = await bench.govern('refuse')
    assert.ok(got.kind === 'done' && got.value.kind === 'error')
    assert.equal(bench.lastStatus, 'upstream_error')
  })

  test('a tool error is an outcome of its own kind', async () => {
    assert.equal(textOf(await bench.govern('fail')), 'it failed')
    assert.equal(bench.lastStatus, 'tool_error')
  })

  test('a definition that changed under its name is not called', async () => {
    assert.equal(textOf(await bench.govern('rugpull')), 'pulled')
    assert.equal(codeOf(await bench.govern('rugpull')), 'resolve.definition_changed')
    assert.equal(bench.lastStatus, 'not_executed')
    assert.equal(textOf(await bench.govern('echo', { text: 'still' })), 'still')
  })

  test('asking for input is refused clearly', async () => {
    assert.equal(codeOf(await bench.govern('input')), 'upstream.asks_input')
  })

  test('a caller that cancels ends a call that hangs', async () => {
    // The process runs already, so that the call is on its way as soon as its intent is recorded.
    await bench.govern('echo', { text: 'warm' })
    const control = new CallControl()
    const running = bench.govern('hang', {}, { control })
    while (bench.types.filter((type) => type === 'call.intent').length < 2) await pause(5)
    await pause(50)
    control.end(new CallEnd('call.cancelled', 'enough'))
    assert.equal(codeOf(await running), 'call.cancelled')
    assert.equal(bench.lastStatus, 'cancelled')
  })

  test('over the cap the idle process makes room, and a busy one is a clear error', async () => {
    await bench.pin('2025-11-25', [], 1)
    bench.fake.actors.set('cert-b', {
      ...bench.fake.actors.get('cert-a')!,
      instance: 'b',
      credential: { ...bench.fake.actors.get('cert-a')!.credential, id: 'cert-b' },
    })
    assert.equal(textOf(await bench.govern('echo', { text: 'a' })), 'a')
    const b = { presented: shown('cert-b') }
    assert.equal(textOf(await bench.govern('echo', { text: 'b' }, b)), 'b')
    const control = new CallControl()
    const hanging = bench.govern('hang', {}, { ...b, control })
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.equal(codeOf(await bench.govern('echo', { text: 'a' })), 'upstream.busy')
    control.end(new CallEnd('call.cancelled', 'enough'))
    assert.equal(codeOf(await hanging), 'call.cancelled')
  })
})

describe('INV-3 secrets', () => {
  const secret = 'tok-s3cret-"quoted"/value'
  beforeEach(() => {
    bench.fake.secrets = { TOKEN: secret }
    return bench.pin('2025-11-25', ['TOKEN'])
  })

  test('only the named variables and a home of its own reach the process, and no value reaches the agent', async () => {
    const got = textOf(await bench.govern('env'))
    assert.ok(got.includes(CUT), got)
    assert.ok(!got.includes('s3cret'), got)
    const environment = JSON.parse(got) as Record<string, string>
    assert.deepEqual(Object.keys(environment), ['PATH', 'HOME', 'TMPDIR', 'TOKEN'])
    assert.ok(environment['HOME']?.startsWith(bench.home))
  })

  test('progress and errors are cut as well', async () => {
    const seen: JsonObject[] = []
    const control = new CallControl()
    const running = bench.govern('slow', {}, { control, onProgress: (params) => seen.push(params) })
    while (seen.length < 1) await new Promise((resolve) => setTimeout(resolve, 5))
    control.end(new CallEnd('call.cancelled', 'enough'))
    await running
    assert.equal(seen[0]?.['message'], `with ${CUT}`)
    const got = await bench.govern('refuse')
    assert.ok(got.kind === 'done' && got.value.kind === 'error')
    assert.equal(got.value.error.message, `no, ${CUT}`)
  })
})

describe('what is refused before anything runs', () => {
  beforeEach(() => bench.pin('2025-11-25'))

  test('INV-8 nobody unknown is a party to anything: counted, not recorded', async () => {
    assert.equal(
      codeOf(await bench.govern('echo', {}, { presented: shown('x') })),
      'authenticate.unknown_certificate',
    )
    assert.equal(
      codeOf(await bench.govern('echo', {}, { presented: shown() })),
      'authenticate.no_credential',
    )
    assert.deepEqual(bench.fake.refusals, ['unknown_certificate', 'no_credential'])
    assert.equal(bench.fake.records.length, 0)
  })

  test('INV-5 a view of locks older than the lease denies', async () => {
    bench.fake.lockAge = 5_001
    assert.equal(codeOf(await bench.govern('echo', { text: 'x' })), 'admit.stale_view')
    bench.fake.lockAge = Number.NaN
    assert.equal(codeOf(await bench.govern('echo', { text: 'x' })), 'admit.stale_view')
  })

  test('INV-8 an instance past its life, or a certificate past its end', async () => {
    const held = bench.fake.actors.get('cert-a')!
    bench.fake.actors.set('cert-a', { ...held, lifeEnds: systemClock.now() - 1 })
    assert.equal(codeOf(await bench.govern('echo', { text: 'x' })), 'admit.too_old')
    bench.fake.actors.set('cert-a', {
      ...held,
      credential: { ...held.credential, ends: systemClock.now() - 1 },
    })
    assert.equal(
      codeOf(await bench.govern('echo', { text: 'x' })),
      'authenticate.unknown_certificate',
    )
  })

  test('systems, actions and arguments that nobody pinned', async () => {
    assert.equal(
      codeOf(await bench.govern('echo', {}, { system: 'none' })),
      'resolve.unknown_system',
    )
    assert.equal(codeOf(await bench.govern('nope')), 'resolve.unknown_action')
    assert.equal(codeOf(await bench.govern('echo')), 'resolve.bad_arguments')
    assert.equal(codeOf(await bench.govern('echo', { text: 1 })), 'resolve.bad_arguments')
    assert.equal(
      codeOf(await bench.govern('echo', { text: 'x', more: 1 })),
      'resolve.bad_arguments',
    )
    assert.ok(bench.types.every((type) => type === 'call.denied'))
    assert.equal(bench.types.length, 5)
    assert.equal(bench.gateway.pool.size, 0)
  })

  test('INV-2 policy that denies', async () => {
    bench.fake.answers = { echo: 'deny' }
    assert.equal(codeOf(await bench.govern('echo', { text: 'x' })), 'policy.denied')
    assert.deepEqual(bench.types, ['call.denied'])
  })

  test('INV-2 an error inside the spine is a recorded denial', async () => {
    const ports = bench.fake.ports
    await bench.gateway.close()
    bench.gateway = openGateway({
      ports: {
        ...ports,
        policy: {
          ...ports.policy,
          decide: () => {
            throw new Error('boom: secret')
          },
        },
      },
      home: bench.home,
      environment: {},
    })
    const got = await bench.govern('echo', { text: 'x' })
    assert.equal(codeOf(got), 'internal')
    assert.ok(!JSON.stringify(got).includes('boom'))
    assert.deepEqual(bench.types, ['call.denied'])
  })
})
