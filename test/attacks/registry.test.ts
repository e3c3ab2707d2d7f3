// Holds attacks on the registry: owners who are none, lives that come back, roles past their end, rows edited or put back by hand, documents made to hurt.

import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { rolesNow } from '../../src/authority/registry/roles.ts'
import { planOf, kindsAt, wantedOf } from '../../src/cli/apply/plan.ts'
import { readYaml } from '../../src/cli/apply/yaml.ts'
import { openCore, type Core } from '../../src/server/core.ts'
import { settings } from '../../src/server/settings.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { Fault } from '../../src/std/fault.ts'
import { systemTimer } from '../../src/std/timer.ts'
import { faultOf, withAuthority } from '../fakes/authority.ts'
import { ControlHome } from '../fakes/control.ts'

const DAY = 86_400_000
const BOT = { name: 'bot', purpose: 'answers mail', roles: ['support'], unattended: false }

test('INV-4 an agent that nobody owns is not activated, by whatever way to say it', async () => {
  const home = await ControlHome.open()
  try {
    const { agents, people } = home.authority
    await home.person('bob', ['operator'])
    await agents.discover({ name: 'found', purpose: 'says it reads mail' })
    await agents.register({ ...BOT, owner: 'bob' }, { person: home.ada.id })
    await people.leave('bob', { person: home.ada.id, reason: 'a test' })
    await home.authority.settled()
    const patch = async (name: string, body: object): Promise<unknown> => {
      const answer = await home.ask('PATCH', `/v1/agents/${name}`, { body })
      assert.ok(answer.status >= 400, `${name} ${JSON.stringify(body)}`)
      return ((await answer.json()) as { code: string }).code
    }
    const reason = 'let me in'
    assert.equal(await patch('bot', { state: 'active', reason }), 'agent.unowned')
    assert.equal(await patch('bot', { state: 'active', owner: 'bob', reason }), 'person.left')
    assert.equal(await patch('bot', { owner: '', state: 'active', reason }), 'api.invalid')
    assert.equal(
      await patch('bot', { owner: 'team:none', state: 'active', reason }),
      'team.unknown',
    )
    assert.equal(await patch('found', { state: 'active', reason }), 'agent.transition')
    assert.equal(await patch('found', { state: 'pending', reason }), 'agent.unowned')
    const token = await home.ask('POST', '/v1/agents/bot/join-tokens', { body: {} })
    assert.ok(token.status >= 400, 'no instance of an orphan')
    assert.deepEqual(
      agents.list().map(({ state }) => state),
      ['suspended', 'discovered'],
    )
  } finally {
    await home.close()
  }
})

test('INV-4 a retired agent comes back in no state and under no name of its own', () =>
  withAuthority(async (home, { agents, people }) => {
    const ada = await people.create({ name: 'ada', roles: [] })
    const why = { person: ada.id, reason: 'a test' }
    await agents.register({ ...BOT, owner: 'ada' }, why)
    await agents.update('bot', { state: 'retired' }, why)
    for (const state of ['discovered', 'pending', 'active', 'suspended', 'retired'] as const) {
      await assert.rejects(agents.update('bot', { state }, why), faultOf('agent.retired'))
    }
    await assert.rejects(agents.update('bot', { owner: 'ada' }, why), faultOf('agent.retired'))
    await assert.rejects(agents.assignRole('bot', { role: 'x' }, why), faultOf('agent.retired'))
    await assert.rejects(agents.register({ ...BOT, owner: 'ada' }, why), faultOf('agent.exists'))
    await assert.rejects(agents.discover({ ...BOT }), faultOf('agent.exists'))
    await home.editByHand(
      `update agents set state = 'active', doc = replace(doc, '"retired"', '"active"')`,
    )
    const again = await home.open()
    assert.equal(again.agents.get('bot'), undefined, 'a row that says so by itself is none')
    assert.equal(again.locks.list()[0]?.id, 'integrity')
  }))

test('INV-4 a role past its end is no right, though its row still has it and no sweep ran', () =>
  withAuthority(async (home, { agents, people }) => {
    const ada = await people.create({ name: 'ada', roles: [] })
    const expiresAt = home.clock.now() + DAY
    const why = { person: ada.id, reason: 'a test' }
    const roles = ['support', { role: 'root', expiresAt }]
    await agents.register({ ...BOT, roles, owner: 'ada' }, why)
    assert.deepEqual(agents.get('bot')?.roles, ['root', 'support'])
    home.clock.advance(DAY)
    home.audit.fail()
    await assert.rejects(agents.sweep())
    assert.deepEqual(agents.get('bot')?.roles, ['support'])
    assert.deepEqual(agents.list()[0]?.roles, ['support'])
    const [row] = await home.store.agents.all()
    assert.deepEqual(row?.doc.roles, ['root', 'support'], 'nothing was written')
    assert.deepEqual(rolesNow(row.doc, home.clock.now()), ['support'])
  }))

test('INV-13 a row that was edited by hand to hold a role, an owner or a later end is no agent, and locks everything', () =>
  withAuthority(async (home, { agents, people, teams }) => {
    const ada = await people.create({ name: 'ada', roles: [] })
    const bob = await people.create({ name: 'bob', roles: [] })
    const why = { person: ada.id, reason: 'a test' }
    await agents.register({ ...BOT, owner: 'ada' }, why)
    await agents.register({ ...BOT, name: 'cat', owner: 'ada' }, why)
    await teams.create({ name: 'mail', members: ['ada'] }, why)
    await home.editByHand(
      `update agents set doc = replace(doc, '"support"]', '"root","support"]') where id = 'bot';
       update agents set owner = '${bob.id}', doc = replace(doc, '${ada.id}', '${bob.id}') where id = 'cat';
       update teams set doc = replace(doc, '${ada.id}', '${bob.id}')`,
    )
    const again = await home.open()
    assert.deepEqual(again.agents.list(), [])
    assert.deepEqual(again.teams.list(), [])
    assert.equal(home.audit.last('authority.refused_rows').body['count'], 3)
    assert.equal(again.locks.list()[0]?.id, 'integrity')
  }))

test('INV-13 a team whose members were taken out by hand leaves its agents to nobody', () =>
  withAuthority(async (home, { agents, people, teams }) => {
    const ada = await people.create({ name: 'ada', roles: [] })
    const why = { person: ada.id, reason: 'a test' }
    await teams.create({ name: 'mail', members: ['ada'] }, why)
    await agents.register({ ...BOT, owner: 'team:mail' }, why)
    await assert.rejects(
      teams.change('mail', { add: [], remove: ['ada'] }, why),
      faultOf('team.members'),
    )
    await home.editByHand(`delete from teams`)
    const again = await home.open()
    const bot = again.agents.find('bot')
    assert.deepEqual([bot.state, again.agents.orphaned(bot)], ['suspended', true])
    assert.equal(again.locks.list()[0]?.id, 'integrity')
  }))

const machine = { clock: systemClock, entropy: systemEntropy, timer: systemTimer }

function open(home: string): Promise<Core> {
  const logFile = join(home, 'bailiwick.log')
  return openCore(settings({ home, logFile }, {}), machine, () => 'http://x')
}

/** The database of a home, copied as it is. */
function copied(home: string): string {
  const backup = mkdtempSync(join(tmpdir(), 'bailiwick-attack-'))
  for (const file of readdirSync(home).filter((name) => name.startsWith('bailiwick.db'))) {
    cpSync(join(home, file), join(backup, file))
  }
  return backup
}

test('INV-13 the older, wider row of one agent, put back with its own signature, confers nothing', async () => {
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-registry-'))
  let core = await open(home)
  let backup: string | undefined
  try {
    const { id } = await core.authority.people.create({ name: 'ada', roles: ['operator'] })
    const why = { person: id, reason: 'a test' }
    const { agents } = core.authority
    await agents.register({ ...BOT, owner: 'ada', roles: ['root'] }, why)
    await agents.register({ ...BOT, name: 'cat', owner: 'ada', roles: ['root'] }, why)
    await core.close()
    backup = copied(home)
    core = await open(home)
    await core.authority.agents.removeRole('bot', 'root', why)
    await core.authority.agents.update('cat', { state: 'retired' }, why)
    await core.close()
    const database = new DatabaseSync(join(home, 'bailiwick.db'))
    database.exec(`attach '${join(backup, 'bailiwick.db')}' as old;
      update main.agents as now set (owner, state, doc, sig, leaf) =
        (select owner, state, doc, sig, leaf from old.agents as o where o.id = now.id)`)
    database.close()
    core = await open(home)
    const { agents: after, locks } = core.authority
    assert.deepEqual(after.get('bot')?.roles, [])
    assert.equal(after.get('cat')?.state, 'retired')
    assert.equal(locks.list()[0]?.id, 'integrity', 'and somebody has to look')
  } finally {
    await core.close()
    rmSync(home, { recursive: true, force: true })
    if (backup !== undefined) rmSync(backup, { recursive: true, force: true })
  }
})

test('INV-13 a whole older database brings back nobody who left, no member, no role and no later end', async () => {
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-registry-'))
  let core = await open(home)
  let backup: string | undefined
  try {
    const { people, agents, teams } = core.authority
    const { id } = await people.create({ name: 'ada', roles: ['administrator'] })
    await people.create({ name: 'bob', roles: ['operator', 'finance'] })
    await people.create({ name: 'eve', roles: ['operator', 'finance'] })
    const why = { person: id, reason: 'a test' }
    await teams.create({ name: 'mail', members: ['ada', 'bob', 'eve'] }, why)
    await agents.register({ ...BOT, owner: 'bob', roles: ['root'] }, why)
    await agents.register({ ...BOT, name: 'cat', owner: 'ada', roles: ['root'] }, why)
    await core.close()
    backup = copied(home)
    core = await open(home)
    const now = core.authority
    await now.people.leave('bob', why)
    await now.people.change('eve', { roles: ['operator'] }, why)
    await now.teams.change('mail', { add: [], remove: ['eve'] }, why)
    const expiresAt = systemClock.now() + DAY
    await now.agents.assignRole('cat', { role: 'root', expiresAt }, why)
    await now.agents.update('cat', { environment: 'sandbox', unattended: false }, why)
    await core.close()
    for (const file of readdirSync(home).filter((name) => name.startsWith('bailiwick.db'))) {
      rmSync(join(home, file))
    }
    for (const file of readdirSync(backup)) cpSync(join(backup, file), join(home, file))
    core = await open(home)
    const back = core.authority
    assert.throws(() => back.people.find('bob'), faultOf('person.left'))
    assert.deepEqual(back.people.find('eve').roles, ['operator'])
    const members = back.teams.find('mail').members.map((one) => back.people.known(one)?.name)
    assert.deepEqual(new Set(members), new Set(['ada', 'bob']))
    const [bot, cat] = [back.agents.find('bot'), back.agents.find('cat')]
    assert.deepEqual([bot.state, back.agents.orphaned(bot)], ['suspended', true])
    assert.equal(cat.assignments?.[0]?.expiresAt, expiresAt)
    assert.equal(cat.environment, 'sandbox')
  } finally {
    await core.close()
    rmSync(home, { recursive: true, force: true })
    if (backup !== undefined) rmSync(backup, { recursive: true, force: true })
  }
})

test('INV-10 documents made to hurt are answered in words before anybody is asked for anything', async () => {
  const kinds = kindsAt(() => 0)
  const agent = 'kind: agent\nname: x\nowner: ada\npurpose: p\n'
  const bomb = Array.from({ length: 20 }, (_, at) =>
    at === 0
      ? 'a0: &a0 [lol]'
      : `a${at}: &a${at} [${Array(9)
          .fill(`*a${at - 1}`)
          .join(', ')}]`,
  ).join('\n')
  for (const text of [
    `${agent}__proto__: {state: active}\n`,
    `${agent}constructor: {prototype: {unattended: true}}\n`,
    `${agent}roles: &r [root]\nclients: *r\n`,
    `${agent}roles: !!js/function "x"\n`,
    `${agent}roles: [[[[[[[[[[[[root]]]]]]]]]]]]\n`,
    `${agent}<<: {unattended: true}\n`,
    `${agent}unattended: yes\n`,
    `${agent}unattended: true\nunattended: false\n`,
    `${agent}Unattended: true\n`,
    `${agent}purpose\u0000: x\n`,
    agent.replace('ada', 'team:../../people'),
    agent.replace('name: x', `name: ${'x'.repeat(64)}`),
    agent + agent.replace('kind', '---\nkind'),
    `%YAML 1.1\n---\n${agent}`,
    bomb,
    '{'.repeat(300_000),
  ]) {
    assert.throws(
      () => wantedOf(readYaml({ file: 'x.yaml', text }), kinds),
      (error) =>
        error instanceof Fault && error.code.startsWith('apply.') && error.detail.length < 400,
      text.slice(0, 200),
    )
  }
  const control = new Proxy({} as Parameters<typeof planOf>[0], {
    get: () => assert.fail('the server was asked'),
  })
  assert.deepEqual(await planOf(control, [], kinds, false), [])
})
