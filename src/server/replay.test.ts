// Holds tests of a home whose database is older than its log: what was taken away stays taken away (INV-13).

import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../std/clock.ts'
import { systemEntropy } from '../std/entropy.ts'
import { systemTimer } from '../std/timer.ts'
import { actor } from '../../test/fakes/ports.ts'
import { openCore, type Core } from './core.ts'
import { settings } from './settings.ts'

const machine = { clock: systemClock, entropy: systemEntropy, timer: systemTimer }
const MINUTE = 60_000

function open(home: string): Promise<Core> {
  const logFile = join(home, 'bailiwick.log')
  return openCore(settings({ home, logFile }, {}), machine, () => 'http://x')
}

/** The files of the database, as a backup has them. */
function database(home: string): string[] {
  return readdirSync(home).filter((file) => file.startsWith('bailiwick.db'))
}

test('INV-13 a database put back from before a lock and a consumption has both again before it serves', async () => {
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-replay-'))
  const backup = mkdtempSync(join(tmpdir(), 'bailiwick-backup-'))
  let core = await open(home)
  try {
    const { id: person } = await core.authority.people.create({ name: 'ann', roles: ['operator'] })
    const by = { person, reason: 'a test' }
    await core.authority.agents.register(
      { name: 'bot', owner: person, purpose: 'test', roles: ['guide'], unattended: false },
      { person },
    )
    const handed = { person, agent: 'bot', expiresAt: Date.now() + MINUTE }
    const taken = await core.authority.delegations.create(handed)
    const kept = await core.authority.delegations.create(handed)
    const { tasks } = core.authority
    const wish = { agent: 'bot', intent: 'a test', scope: [{ action: '*' }] }
    const [over, cheap, least] = [
      await tasks.open(wish, { person }),
      await tasks.open(wish, { person }),
      await tasks.open(wish, { person }),
    ]
    const { approval } = await core.authority.approvals.ask({
      callDigest: 'digest',
      call: 'call-1',
      actor: actor(),
      system: 's',
      action: 'a',
      input: {},
      effects: [],
      gates: [{ name: 'operator', policy: 'gated' }],
      reason: 'because',
      definition: 'd',
      policySet: 'p',
      expiresAt: Date.now() + MINUTE,
    })
    await core.authority.approvals.approve(approval.id, by)
    const [issuer, audience] = ['https://ci.example', 'bailiwick']
    await core.authority.trust.add({ name: 'ci', kind: 'attest-oidc', issuer, audience }, by)
    const registration = await core.identities.registrations.register(
      { agent: 'bot', attestor: 'oidc', source: 'ci', selectors: ['oidc:sub:bot'], person },
      person,
    )
    const asked = await core.authority.locks.add({
      target: { kind: 'agent', name: 'bot' },
      ...by,
    })
    await core.authority.locks.lift(asked.id, by, MINUTE)
    const [boss, chief] = [
      await core.authority.people.create({ name: 'boss', roles: ['administrator'] }),
      await core.authority.people.create({ name: 'chief', roles: ['administrator'] }),
    ]
    const proposed = await core.authority.governance.ask(
      { kind: 'team-create', team: 'money', members: ['boss'] },
      { ...by, person: boss.id },
    )
    await core.close()
    for (const file of database(home)) cpSync(join(home, file), join(backup, file))

    core = await open(home)
    assert.notEqual(core.authority.locks.list()[0]?.lift, undefined)
    await core.authority.locks.keep(asked.id, by)
    await core.authority.governance.refuse(proposed!.id, { ...by, person: chief.id })
    await core.authority.governance.ask(
      { kind: 'rule', changes: 'on', policies: 'on' },
      { ...by, person: chief.id },
    )
    await core.authority.approvals.consume(approval.id, 'digest')
    await core.authority.delegations.revoke(taken.id, { by: person, reason: 'a test' })
    const ending = { by: person, reason: 'a test' }
    await core.authority.tasks.end(over.id, 'done', ending)
    const later = cheap.endsAt - MINUTE
    await core.authority.tasks.narrow(cheap.id, { budget: { calls: 2 }, endsAt: later }, ending)
    // Without a system there is no other scope that policy could read: its patterns alone are compared.
    core.authority.tasks.checkScopesWith(() => [])
    await core.authority.tasks.narrow(least.id, { scope: [{ action: 's/a' }] }, ending)
    await core.authority.agents.update('bot', { roles: [], state: 'suspended' }, by)
    await core.identities.registrations.remove(registration.id, by)
    await core.authority.trust.remove('ci', by)
    const target = { kind: 'agent', name: 'bot' } as const
    const lifted = await core.authority.locks.add({ target, ...by })
    await core.authority.locks.remove(lifted.id, by)
    const lock = await core.authority.locks.add({ target, ...by })
    const bound = { on: { agent: 'bot' }, what: 'calls', most: 9, per: 'day' } as const
    const limit = await core.authority.limits.add(bound, by)
    await core.close()

    for (const file of database(home)) rmSync(join(home, file))
    for (const file of readdirSync(backup)) cpSync(join(backup, file), join(home, file))
    core = await open(home)
    assert.deepEqual(
      core.authority.locks.list().map(({ id, target: { kind, name } }) => [id, kind, name]),
      [
        [asked.id, 'agent', 'bot'],
        [lock.id, 'agent', 'bot'],
      ],
    )
    assert.equal(core.authority.governance.get(proposed!.id).state, 'refused')
    assert.equal(core.authority.governance.rule.now.policies, 'on')
    const [first, added] = core.authority.locks.list()
    assert.equal(first?.lift, undefined, 'what was taken back does not come back')
    assert.deepEqual(added?.able, lock.able, 'who could lift it is known from the log')
    await assert.rejects(core.authority.approvals.consume(approval.id, 'digest'), {
      code: 'approval.closed',
    })
    assert.equal(core.authority.delegations.chainOf(taken.id), undefined)
    assert.ok(core.authority.delegations.chainOf(kept.id))
    const left = core.authority.tasks
      .list()
      .map(({ id, budget, endsAt }) => [id, budget.calls, endsAt])
    assert.deepEqual(left, [[cheap.id, 2, later]], 'one is over, one is less, one cannot be known')
    assert.equal((await core.authority.tasks.get(over.id)).state, 'done')
    assert.equal((await core.authority.tasks.get(least.id)).state, 'cancelled')
    const { state, roles } = core.authority.agents.find('bot')
    assert.deepEqual([state, roles], ['suspended', []])
    assert.deepEqual(core.identities.registrations.list(), [])
    assert.equal(core.authority.trust.get('ci'), undefined)
    assert.deepEqual(
      core.authority.limits.list().map(({ id, most }) => [id, most]),
      [[limit.id, 9]],
    )
    const told = await core.audit.tail({ type: 'authority.replayed', limit: 1 })
    assert.deepEqual(
      { ...told[0]?.record.body },
      {
        locks: 2,
        approvals: 1,
        amendments: 0,
        checks: 0,
        gateways: 0,
        instances: 0,
        delegations: 1,
        tasks: 3,
        agents: 1,
        teams: 0,
        people: 0,
        roots: 0,
        sessions: 0,
        tokens: 0,
        consents: 0,
        consumed: 0,
        registrations: 1,
        trust: 1,
        limits: 1,
        enforcers: 0,
        credentials: 0,
        proposals: 0,
        governance: 2,
      },
    )
    await core.close()

    core = await open(home)
    assert.equal((await core.audit.tail({ type: 'authority.replayed', limit: 9 })).length, 1)
    await core.close()
  } finally {
    await core.close()
    rmSync(home, { recursive: true, force: true })
    rmSync(backup, { recursive: true, force: true })
  }
})
