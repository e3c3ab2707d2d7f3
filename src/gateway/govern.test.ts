// Holds tests of the spine over real upstream processes and fake ports.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseJson, type JsonObject } from '../std/json.ts'
import { utf8 } from '../std/bytes.ts'
import type { McpEra } from '../wire/system.ts'
import { FakePorts } from '../../test/fakes/ports.ts'
import { CallControl, CallEnd, type CallRequest } from './call.ts'
import type { Conclusion } from './govern.ts'
import { openGateway, type Gateway } from './open.ts'
import { CUT } from './steps/09-inspect.ts'
import { systemDigest } from './upstream/definition.ts'

const upstream = fileURLToPath(new URL('../../test/fakes/upstream.ts', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'bailiwick-govern-'))
let fake: FakePorts
let gateway: Gateway

async function pin(era: McpEra, env: string[] = [], maxProcesses = 4): Promise<void> {
  const transport = {
    kind: 'stdio',
    command: process.execPath,
    args: [upstream, era],
    env,
  } as const
  const found = await gateway.inspect({ name: 'fake', transport }, fake.secrets)
  assert.equal(found.era, era)
  const system = { ...found, maxProcesses }
  fake.systems.set('fake', { ...system, digest: systemDigest(system) })
}

function request(
  action: string,
  input: JsonObject = {},
  more: Partial<CallRequest> = {},
): CallRequest {
  return {
    certificate: 'cert-a',
    system: 'fake',
    action,
    input,
    control: new CallControl(),
    leavingCancels: false,
    patienceMs: () => 2_000,
    ...more,
  }
}

function text(conclusion: Conclusion): string {
  assert.equal(conclusion.kind, 'result', JSON.stringify(conclusion))
  const content = (conclusion as { result: JsonObject }).result['content'] as JsonObject[]
  return String(content[0]?.['text'])
}

function code(conclusion: Conclusion): string {
  assert.equal(conclusion.kind, 'denied', JSON.stringify(conclusion))
  return (conclusion as { denial: { code: string } }).denial.code
}

const types = (): string[] => fake.records.map((record) => record.type)
const lastStatus = (): unknown =>
  fake.records.findLast((r) => r.type === 'call.outcome')?.body['status']

beforeEach(async () => {
  await gateway?.close()
  fake = new FakePorts()
  gateway = openGateway({
    ports: fake.ports,
    home,
    environment: { PATH: process.env['PATH'], OURS: 'no' },
  })
})
after(async () => {
  await gateway.close()
  rmSync(home, { recursive: true, force: true })
})

for (const era of ['2025-11-25', '2026-07-28'] as const) {
  describe(`an upstream of ${era}`, () => {
    beforeEach(() => pin(era))

    test('INV-1 an allowed call has its intent on record before it is sent, and its outcome after', async () => {
      const got = await gateway.governor.govern(request('echo', { text: 'hello' }))
      assert.equal(text(got), 'hello')
      assert.deepEqual(types(), ['call.intent', 'call.outcome'])
      assert.equal(fake.records[1]?.ref, 'leaf1')
      assert.equal(lastStatus(), 'ok')
    })

    test('INV-1 without a durable intent nothing is sent', async () => {
      fake.auditFails = true
      const got = await gateway.governor.govern(request('die'))
      assert.equal(code(got), 'audit.unavailable')
      fake.auditFails = false
      assert.equal(text(await gateway.governor.govern(request('echo', { text: 'alive' }))), 'alive')
    })

    test('INV-12 the arguments go out as the tree that was read, numbers to the digit', async () => {
      const tree = parseJson(
        utf8('{"value":[1.0,9007199254740993,1e400,"\\u00e9",{"b":1,"a":-0}]}'),
      )
      const got = await gateway.governor.govern(request('args', tree as JsonObject))
      assert.ok(
        text(got).startsWith('{"value":[1.0,9007199254740993,1e400,"é",{"b":1,"a":-0}]}'),
        text(got),
      )
    })

    test('progress comes through, and a lock cuts the call and its process at once', async () => {
      const control = new CallControl()
      const seen: JsonObject[] = []
      const running = gateway.governor.govern(
        request('slow', {}, { control, onProgress: (params) => seen.push(params) }),
      )
      while (seen.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
      assert.equal(gateway.pool.size, 1)
      fake.lock({ id: 'lock-1', reason: 'testing', target: 'agent agent-a' })
      assert.equal(code(await running), 'call.cut')
      assert.equal(gateway.pool.size, 0)
      assert.equal(lastStatus(), 'cut')
      assert.equal(
        code(await gateway.governor.govern(request('echo', { text: 'x' }))),
        'admit.locked',
      )
    })
  })
}

describe('what an upstream may do wrong', () => {
  beforeEach(() => pin('2025-11-25'))

  test('dying fails its calls with a reason, and the next call gets a new process', async () => {
    assert.equal(code(await gateway.governor.govern(request('die'))), 'upstream.died')
    assert.equal(lastStatus(), 'unknown')
    assert.equal(text(await gateway.governor.govern(request('echo', { text: 'back' }))), 'back')
  })

  test('a line without end is cut off at the limit', async () => {
    assert.equal(code(await gateway.governor.govern(request('flood'))), 'upstream.bad_answer')
  })

  test('garbage on its output is passed over', async () => {
    assert.equal(text(await gateway.governor.govern(request('garbage'))), 'after garbage')
  })

  test('a request that it sends back is refused and recorded', async () => {
    assert.equal(text(await gateway.governor.govern(request('ask'))), 'asked')
    const refused = fake.records.find((record) => record.type === 'call.denied')
    assert.equal(refused?.body['principal'], 'system fake')
    assert.equal(refused?.body['method'], 'sampling/createMessage')
  })

  test('its own error is passed on as its own', async () => {
    const got = await gateway.governor.govern(request('refuse'))
    assert.equal(got.kind, 'error')
    assert.equal(lastStatus(), 'upstream_error')
  })

  test('a tool error is an outcome of its own kind', async () => {
    assert.equal(text(await gateway.governor.govern(request('fail'))), 'it failed')
    assert.equal(lastStatus(), 'tool_error')
  })

  test('a definition that changed under its name is not called', async () => {
    assert.equal(text(await gateway.governor.govern(request('rugpull'))), 'pulled')
    assert.equal(
      code(await gateway.governor.govern(request('rugpull'))),
      'resolve.definition_changed',
    )
    assert.equal(lastStatus(), 'not_executed')
    assert.equal(text(await gateway.governor.govern(request('echo', { text: 'still' }))), 'still')
  })

  test('asking for input is refused clearly', async () => {
    assert.equal(code(await gateway.governor.govern(request('input'))), 'upstream.asks_input')
  })

  test('a caller that cancels ends a call that hangs', async () => {
    const control = new CallControl()
    const running = gateway.governor.govern(request('hang', {}, { control }))
    setTimeout(() => control.end(new CallEnd('call.cancelled', 'enough')), 300)
    assert.equal(code(await running), 'call.cancelled')
    assert.equal(lastStatus(), 'cancelled')
  })

  test('over the cap the idle process makes room, and a busy one is a clear error', async () => {
    await gateway.close()
    gateway = openGateway({ ports: fake.ports, home, environment: process.env })
    await pin('2025-11-25', [], 1)
    fake.actors.set('cert-b', {
      ...fake.actors.get('cert-a')!,
      instance: 'b',
      certificate: 'cert-b',
    })
    assert.equal(text(await gateway.governor.govern(request('echo', { text: 'a' }))), 'a')
    const b = { certificate: 'cert-b' }
    assert.equal(text(await gateway.governor.govern(request('echo', { text: 'b' }, b))), 'b')
    const control = new CallControl()
    const hanging = gateway.governor.govern(request('hang', {}, { ...b, control }))
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.equal(
      code(await gateway.governor.govern(request('echo', { text: 'a' }))),
      'upstream.busy',
    )
    control.end(new CallEnd('call.cancelled', 'enough'))
    assert.equal(code(await hanging), 'call.cancelled')
  })
})

describe('INV-3 secrets', () => {
  const secret = 'tok-s3cret-"quoted"/value'
  beforeEach(() => {
    fake.secrets = { TOKEN: secret }
    return pin('2025-11-25', ['TOKEN'])
  })

  test('only the named variables and a home of its own reach the process, and no value reaches the agent', async () => {
    const got = text(await gateway.governor.govern(request('env')))
    assert.ok(got.includes(CUT), got)
    assert.ok(!got.includes('s3cret'), got)
    const environment = JSON.parse(got) as Record<string, string>
    assert.deepEqual(Object.keys(environment), ['PATH', 'HOME', 'TMPDIR', 'TOKEN'])
    assert.ok(environment['HOME']?.startsWith(home))
  })

  test('progress and errors are cut as well', async () => {
    const seen: JsonObject[] = []
    const control = new CallControl()
    const running = gateway.governor.govern(
      request('slow', {}, { control, onProgress: (params) => seen.push(params) }),
    )
    while (seen.length < 1) await new Promise((resolve) => setTimeout(resolve, 5))
    control.end(new CallEnd('call.cancelled', 'enough'))
    await running
    assert.equal(seen[0]?.['message'], `with ${CUT}`)
    const got = await gateway.governor.govern(request('refuse'))
    assert.equal(got.kind === 'error' && got.error.message, `no, ${CUT}`)
  })
})

describe('a held call', () => {
  beforeEach(() => {
    fake.answers = { echo: 'hold' }
    return pin('2025-11-25')
  })
  const hello = { text: 'hello' }

  test('runs after approval, with everything decided again and the approval in its intent', async () => {
    const running = gateway.governor.govern(
      request('echo', hello, {
        onHeld: (view) => setTimeout(() => fake.approvals.set(view.id, 'approved'), 20),
      }),
    )
    assert.equal(text(await running), 'hello')
    assert.equal(fake.records[0]?.body['approval'], 'approval-1')
    assert.deepEqual(fake.records[0]?.body['set_aside'], ['gated'])
    assert.equal(fake.approvals.state('approval-1'), 'consumed')
    assert.equal(fake.decisions.length, 3)
  })

  test('INV-6 an approval serves one call: the same call asks anew', async () => {
    const approve = { onHeld: (view: { id: string }) => fake.approvals.set(view.id, 'approved') }
    assert.equal(text(await gateway.governor.govern(request('echo', hello, approve))), 'hello')
    const second = await gateway.governor.govern(request('echo', hello, { patienceMs: () => 10 }))
    assert.equal(second.kind, 'held')
    assert.equal(fake.approvals.asked.length, 2)
  })

  test('INV-6 two waiting for one approval: one runs', async () => {
    const both = [request('echo', hello), request('echo', hello)].map((r) =>
      gateway.governor.govern(r),
    )
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(fake.approvals.asked.length, 1)
    fake.approvals.set('approval-1', 'approved')
    const kinds = (await Promise.all(both)).map((conclusion) => conclusion.kind).sort()
    assert.deepEqual(kinds, ['denied', 'result'])
  })

  test('INV-6 another argument is another call', async () => {
    await gateway.governor.govern(request('echo', hello, { patienceMs: () => 1 }))
    fake.approvals.set('approval-1', 'approved')
    const other = await gateway.governor.govern(
      request('echo', { text: 'hello!' }, { patienceMs: () => 1 }),
    )
    assert.equal(other.kind, 'held')
  })

  test('denied by a person is told with the reason', async () => {
    const deny = {
      onHeld: (view: { id: string }) => fake.approvals.set(view.id, 'denied', 'not today'),
    }
    const got = await gateway.governor.govern(request('echo', hello, deny))
    assert.equal(code(got), 'approval.denied')
    assert.match((got as { denial: { detail: string } }).denial.detail, /not today/)
  })

  test('out of patience it is told to ask again, and the retry joins', async () => {
    const first = await gateway.governor.govern(request('echo', hello, { patienceMs: () => 5 }))
    assert.equal(first.kind, 'held')
    fake.approvals.set('approval-1', 'approved')
    assert.equal(text(await gateway.governor.govern(request('echo', hello))), 'hello')
    assert.equal(fake.approvals.asked.length, 1)
  })

  test('a closed connection ends the request and not the approval', async () => {
    const control = new CallControl()
    const running = gateway.governor.govern(request('echo', hello, { control }))
    setTimeout(() => control.left(), 20)
    assert.equal((await running).kind, 'held')
    assert.equal(fake.approvals.state('approval-1'), 'pending')
  })

  for (const [name, act, expected] of [
    [
      'cancelling',
      (c: CallControl) => c.end(new CallEnd('call.cancelled', 'no more')),
      'call.cancelled',
    ],
    ['a lock', () => fake.lock({ id: 'l', reason: 'r', target: 'agent a' }), 'call.cut'],
    [
      'the end of its instance',
      () => fake.gone('instance-of-cert-a'),
      'authenticate.unknown_certificate',
    ],
  ] as const) {
    test(`${name} voids the approval`, async () => {
      const control = new CallControl()
      const running = gateway.governor.govern(request('echo', hello, { control }))
      setTimeout(() => act(control), 20)
      assert.equal(code(await running), expected)
      assert.equal(fake.approvals.state('approval-1'), 'void')
    })
  }

  test('INV-6 a lock that arrives between the approval and the call still denies it', async () => {
    const original = fake.approvals.consume.bind(fake.approvals)
    fake.approvals.consume = async (id, digest) => {
      const used = await original(id, digest)
      fake.locks = { id: 'l', reason: 'late', target: 'agent a' }
      return used
    }
    const approve = { onHeld: (view: { id: string }) => fake.approvals.set(view.id, 'approved') }
    assert.equal(
      code(await gateway.governor.govern(request('echo', hello, approve))),
      'admit.locked',
    )
    assert.ok(!types().includes('call.intent'))
  })

  test('policy that denies after the wait denies', async () => {
    const approve = {
      onHeld: (view: { id: string }) => {
        fake.answers = { echo: 'deny' }
        fake.approvals.set(view.id, 'approved')
      },
    }
    assert.equal(
      code(await gateway.governor.govern(request('echo', hello, approve))),
      'approval.void',
    )
  })
})

describe('what is refused before anything runs', () => {
  beforeEach(() => pin('2025-11-25'))

  test('INV-8 nobody unknown is a party to anything: counted, not recorded', async () => {
    assert.equal(
      code(await gateway.governor.govern(request('echo', {}, { certificate: 'x' }))),
      'authenticate.unknown_certificate',
    )
    assert.equal(
      code(await gateway.governor.govern(request('echo', {}, { certificate: undefined }))),
      'authenticate.no_certificate',
    )
    assert.deepEqual(fake.refusals, ['unknown_certificate', 'no_certificate'])
    assert.equal(fake.records.length, 0)
  })

  test('INV-5 a view of locks older than the lease denies', async () => {
    fake.lockAge = 5_001
    assert.equal(
      code(await gateway.governor.govern(request('echo', { text: 'x' }))),
      'admit.stale_view',
    )
    fake.lockAge = Number.NaN
    assert.equal(
      code(await gateway.governor.govern(request('echo', { text: 'x' }))),
      'admit.stale_view',
    )
  })

  test('INV-8 an instance past its life, or a certificate past its end', async () => {
    const held = fake.actors.get('cert-a')!
    fake.actors.set('cert-a', { ...held, lifeEnds: Date.now() - 1 })
    assert.equal(
      code(await gateway.governor.govern(request('echo', { text: 'x' }))),
      'admit.too_old',
    )
    fake.actors.set('cert-a', { ...held, certificateEnds: Date.now() - 1 })
    assert.equal(
      code(await gateway.governor.govern(request('echo', { text: 'x' }))),
      'authenticate.unknown_certificate',
    )
  })

  test('systems, actions and arguments that nobody pinned', async () => {
    assert.equal(
      code(await gateway.governor.govern(request('echo', {}, { system: 'none' }))),
      'resolve.unknown_system',
    )
    assert.equal(code(await gateway.governor.govern(request('nope'))), 'resolve.unknown_action')
    assert.equal(code(await gateway.governor.govern(request('echo'))), 'resolve.bad_arguments')
    assert.equal(
      code(await gateway.governor.govern(request('echo', { text: 1 }))),
      'resolve.bad_arguments',
    )
    assert.equal(
      code(await gateway.governor.govern(request('echo', { text: 'x', more: 1 }))),
      'resolve.bad_arguments',
    )
    assert.ok(types().every((type) => type === 'call.denied'))
    assert.equal(types().length, 5)
    assert.equal(gateway.pool.size, 0)
  })

  test('INV-2 policy that denies', async () => {
    fake.answers = { echo: 'deny' }
    assert.equal(
      code(await gateway.governor.govern(request('echo', { text: 'x' }))),
      'policy.denied',
    )
    assert.deepEqual(types(), ['call.denied'])
  })

  test('INV-2 an error inside the spine is a recorded denial', async () => {
    const ports = fake.ports
    const broken = openGateway({
      ports: {
        ...ports,
        policy: {
          ...ports.policy,
          decide: () => {
            throw new Error('boom: secret')
          },
        },
      },
      home,
      environment: {},
    })
    const got = await broken.governor.govern(request('echo', { text: 'x' }))
    await broken.close()
    assert.equal(code(got), 'internal')
    assert.ok(!JSON.stringify(got).includes('boom'))
    assert.deepEqual(types(), ['call.denied'])
  })
})
