// Holds the tests of what ends with a retired agent, at once and after a crash.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fakeRequest, p256 } from '../../test/fakes/identity.ts'
import { systemClock } from '../std/clock.ts'
import { systemEntropy } from '../std/entropy.ts'
import { systemTimer } from '../std/timer.ts'
import { openCore } from './core.ts'
import { endWithAgents, type RetiredParts } from './retired.ts'
import { settings } from './settings.ts'
import { shownEntries } from '../api/audit/entry.ts'

const machine = { clock: systemClock, entropy: systemEntropy, timer: systemTimer }

test('with a retired agent its instances and the delegations to it end, and nobody else’s', async () => {
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-retired-'))
  const core = await openCore(
    settings({ home, logFile: join(home, 'bailiwick.log') }, {}),
    machine,
    () => 'http://x',
  )
  try {
    const { authority, identities } = core
    const { id: person } = await authority.people.create({ name: 'ann', roles: ['operator'] })
    const why = { person, reason: 'a test' }
    for (const name of ['bot', 'cat']) {
      const of = { name, owner: 'ann', purpose: 'test', roles: [], unattended: false }
      await authority.agents.register(of, why)
      const { token } = await identities.issueJoinToken({ agent: name, person, by: person })
      await identities.enrol({ token, csr: fakeRequest(p256()) })
      const workload = { agent: name, attestor: 'unix', source: '', person } as const
      const selectors = ['unix:uid:1000', `unix:sha256:${'0'.repeat(64)}`]
      await identities.registrations.register({ ...workload, selectors }, person)
    }
    const waiting = await identities.issueJoinToken({ agent: 'bot', person, by: person })
    await authority.agents.update('bot', { state: 'suspended' }, why)
    assert.equal(identities.list().length, 2, 'a suspended agent may come back, with its instances')
    await authority.agents.update('bot', { state: 'retired' }, why)
    assert.deepEqual(
      identities.list().map(({ agent }) => agent),
      ['cat'],
    )
    const { registrations } = identities
    while (registrations.list().length > 1) await new Promise((resolve) => setImmediate(resolve))
    const found = await core.audit.tail({ type: 'registration.removed', limit: 2 })
    const [removed] = await shownEntries(authority, found)
    assert.deepEqual(
      [removed?.record.agent, removed?.record.person, removed?.record.body['reason']],
      ['bot', undefined, 'its agent is retired'],
    )
    await assert.rejects(identities.enrol({ token: waiting.token, csr: fakeRequest(p256()) }))
    await core.close()
    const again = await openCore(
      settings({ home, logFile: join(home, 'bailiwick.log') }, {}),
      machine,
      () => 'http://x',
    )
    try {
      assert.deepEqual(
        again.authority.delegations.list().map(({ agent }) => agent),
        ['cat'],
      )
      assert.deepEqual(
        again.identities.registrations.list().map(({ agent }) => agent),
        ['cat'],
      )
    } finally {
      await again.close()
    }
  } finally {
    await core.close()
    rmSync(home, { recursive: true, force: true })
  }
})

test('what a crash left of a retired agent ends at the next start, and one failure keeps nothing else', async () => {
  const ended: string[] = []
  const troubles: unknown[] = []
  const parts = {
    authority: {
      agents: {
        list: () => [
          { name: 'bot', state: 'retired' },
          { name: 'cat', state: 'active' },
        ],
        onChange: () => () => true,
      },
      delegations: {
        list: () => [
          { id: 'd1', agent: 'bot', createdAt: 1 },
          { id: 'd2', agent: 'cat', createdAt: 1 },
        ],
        revoke: (id: string) => {
          ended.push(id)
          return Promise.resolve()
        },
      },
    },
    identities: {
      list: () => [
        { instance: 'i1', agent: 'bot' },
        { instance: 'i2', agent: 'bot' },
        { instance: 'i3', agent: 'cat' },
      ],
      endInstance: (id: string) => {
        ended.push(id)
        return id === 'i1' ? Promise.reject(new Error('no disk')) : Promise.resolve()
      },
    },
    more: [
      {
        list: () => [
          { id: 'r1', agent: 'bot' },
          { id: 'r2', agent: 'cat' },
        ],
        end: (id: string, reason: string) => {
          ended.push(`${id}: ${reason}`)
          return Promise.resolve()
        },
      },
    ],
    onTrouble: (error: unknown) => troubles.push(error),
  }
  await endWithAgents(parts as unknown as RetiredParts)()
  assert.deepEqual(ended, ['i1', 'i2', 'd1', 'r1: its agent is retired'])
  assert.equal(troubles.length, 1)
})
