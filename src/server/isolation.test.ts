// Holds the tests of isolation: a changed system takes only itself out, until the policies are mended.

import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { AuthorityHome, faultOf, systemNamed } from '../../test/fakes/authority.ts'
import type { Authority } from '../authority/open.ts'
import { Network } from '../gateway/net/network.ts'
import { digest } from '../std/bytes.ts'
import type { JsonObject } from '../std/json.ts'
import type { SystemDefinition } from '../wire/system.ts'
import { standingOf } from './isolation.ts'
import { LivePolicy } from './live-policy.ts'
import { applyPolicies, restorePolicy } from './policy-versions.ts'
import { NOTHING_EQUIPPED } from '../gateway/equipment.ts'
import { inspectSystem } from './pins/inspect.ts'
import { labelSystem, pinSystem } from './pins/pin.ts'

/** A system whose `read_file` takes an argument of this name. */
function taking(name: string, argument: string): SystemDefinition {
  const inputSchema: JsonObject = {
    type: 'object',
    properties: { [argument]: { type: 'string' } },
    required: [argument],
  }
  const system = systemNamed(name, digest(argument))
  const actions = system.actions.map((action) => ({
    ...action,
    inputSchema,
    digest: digest(`${action.name} ${argument}`),
  }))
  return { ...system, actions }
}

const POLICY = (argument: string): string =>
  `@id("files")
permit (principal, action == Action::"files/read_file", resource) when { context.input.${argument} == "x" };
@id("mail")
permit (principal, action in Action::"system:mail", resource);`

class World {
  readonly home = new AuthorityHome()
  readonly policy = new LivePolicy()
  authority!: Authority
  upstream = taking('files', 'path')

  static async open(t: TestContext): Promise<World> {
    const world = new World()
    t.after(() => world.home.dispose())
    world.authority = await world.home.open()
    await world.pin('files')
    world.upstream = taking('mail', 'to')
    await world.pin('mail')
    assert.equal((await world.apply('path')).ok, true)
    return world
  }

  get parts() {
    const gateway = { inspect: () => Promise.resolve(this.upstream), network: new Network() }
    const { authority, policy } = this
    const credentials = { look: () => Promise.resolve(NOTHING_EQUIPPED) }
    return { authority, policy, gateway, credentials, environment: process.env }
  }

  candidate(name: string) {
    const transport = { kind: 'stdio', command: process.execPath, args: [], env: [] } as const
    return { name, transport, secrets: {} }
  }

  async pin(name: string): Promise<void> {
    const { fingerprint } = await inspectSystem(this.parts, this.candidate(name), 'per_ada')
    const effects = { read_file: ['read'], move_file: ['write'] } as const
    const word = { person: 'per_ada', reason: 'a test' }
    await pinSystem(this.parts, {
      ...this.candidate(name),
      effects,
      facts: {},
      fingerprint,
      ...word,
    })
  }

  async apply(argument: string) {
    const sources = [{ file: 'a.cedar', text: POLICY(argument) }]
    const of = { sources, person: 'per_ada', reason: 'a test', dryRun: false }
    return applyPolicies({ authority: this.authority, policy: this.policy }, of)
  }
}

test('a changed schema that breaks policies isolates its system alone, and a mended set ends it', async (t) => {
  const world = await World.open(t)
  const { policy } = world
  assert.equal(policy.isolation('files'), undefined)
  world.upstream = taking('files', 'where')
  const seen = await inspectSystem(world.parts, world.candidate('files'), 'per_ada')
  assert.deepEqual(
    seen.breaks.map(({ file, line, code }) => [file, line, code]),
    [['a.cedar', 2, 'policy.invalid']],
  )
  const { digest: before } = policy.set
  await world.pin('files')
  assert.match(policy.isolation('files') ?? '', /files was pinned anew/)
  assert.equal(policy.isolation('mail'), undefined)
  assert.equal(
    policy.set.digest,
    before,
    'the set in force goes on, compiled against what it knows',
  )
  const [broken] = policy.isolated.get('files') ?? []
  assert.ok(broken !== undefined && broken.line === 2 && broken.column > 1)
  assert.match(broken.message, /path/)
  assert.equal((await world.apply('path')).ok, false)
  assert.notEqual(policy.isolation('files'), undefined, 'a set that does not hold ends nothing')
  assert.equal((await world.apply('where')).ok, true)
  assert.equal(policy.isolation('files'), undefined)
})

test('isolation survives a restart, and so does its end', async (t) => {
  const world = await World.open(t)
  world.upstream = taking('files', 'where')
  await world.pin('files')
  world.authority = await world.home.reopen()
  const again = new LivePolicy()
  restorePolicy({ authority: world.authority, policy: again })
  assert.notEqual(again.isolation('files'), undefined)
  assert.equal(again.isolation('mail'), undefined)
  assert.deepEqual(again.problems, [])
  await applyPolicies(
    { authority: world.authority, policy: again },
    {
      sources: [{ file: 'a.cedar', text: POLICY('where') }],
      person: 'per_ada',
      reason: 'mended',
      dryRun: false,
    },
  )
  world.authority = await world.home.reopen()
  const last = new LivePolicy()
  restorePolicy({ authority: world.authority, policy: last })
  assert.equal(last.isolation('files'), undefined)
})

test('pinning it back as it was ends isolation as well', async (t) => {
  const world = await World.open(t)
  world.upstream = taking('files', 'where')
  await world.pin('files')
  world.upstream = taking('files', 'somewhere')
  await world.pin('files')
  assert.notEqual(world.policy.isolation('files'), undefined)
  world.upstream = taking('files', 'path')
  await world.pin('files')
  assert.equal(world.policy.isolation('files'), undefined)
  const [held] = world.authority.systems.list()
  assert.equal(held?.before, undefined)
})

test('of several systems that changed, only those are isolated that policies do not hold with', () => {
  const old = (name: string) => taking(name, 'path')
  const sources = [{ file: 'a.cedar', text: POLICY('path') }]
  const changed = (name: string) => ({ definition: taking(name, 'other'), before: old(name) })
  const standing = standingOf(sources, [changed('files'), changed('mail')])
  assert.ok(standing.ok)
  assert.deepEqual([...standing.isolated.keys()], ['files'])
  const broken = standingOf([{ file: 'a.cedar', text: 'permit (' }], [changed('files')])
  assert.equal(broken.ok, false)
})

test('what people say of actions is kept over a new pin, checked, recorded, and part of the digest', async (t) => {
  const world = await World.open(t)
  const word = { name: 'files', person: 'per_ada', reason: 'it reads letters' }
  const before = world.authority.systems.get('files')!
  const facts = {
    read_file: {
      labels: ['pii'],
      triggers: ['mail/read_file'],
      measures: { recipients: ['/path'] },
    },
  }
  const now = await labelSystem(world.parts, { ...word, facts })
  assert.notEqual(now.digest, before.digest)
  assert.equal(
    now.actions[0]?.digest,
    before.actions[0]?.digest,
    'the definition is the upstream’s',
  )
  const record = world.home.audit.recorded.at(-1)?.draft
  assert.equal(record?.type, 'system.pinned')
  assert.match(JSON.stringify(record?.body), /"labels":\["pii"\]/)
  assert.deepEqual(world.authority.effects.of('files', 'read_file').triggers, ['mail/read_file'])
  world.upstream = { ...taking('files', 'path'), server: { name: 'files', version: '2' } }
  await world.pin('files')
  assert.deepEqual(world.authority.systems.get('files')?.actions[0]?.labels, ['pii'])
  for (const wrong of [
    { read_file: { measures: { money: '/path' } } },
    { read_file: { measures: { recipients: ['/nowhere'] } } },
    { read_file: { labels: ['Not A Label'] } },
    { read_file: { triggers: ['no-slash'] } },
    { no_such: { labels: ['pii'] } },
  ]) {
    await assert.rejects(
      labelSystem(world.parts, { ...word, facts: wrong }),
      faultOf('system.facts'),
    )
  }
})

test('without a policy in force nothing breaks, and what was told of the last set stays told', async (t) => {
  const world = await World.open(t)
  world.policy.keep([{ file: 'a.cedar', line: 1, column: 1, code: 'policy.invalid', message: 'm' }])
  world.upstream = taking('mail', 'cc')
  await world.pin('mail')
  assert.equal(world.policy.isolation('mail'), undefined)
})
