// Holds a test of a person who leaves while an agent acts for them.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../std/clock.ts'
import { systemEntropy } from '../std/entropy.ts'
import { systemTimer } from '../std/timer.ts'
import { openCore } from './core.ts'
import { settings } from './settings.ts'

const machine = { clock: systemClock, entropy: systemEntropy, timer: systemTimer }

test('INV-5 what a person passed on ends when they leave, and stays ended', async () => {
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-leavers-'))
  const logFile = join(home, 'bailiwick.log')
  const open = () => openCore(settings({ home, logFile }, {}), machine, () => 'http://x')
  let core = await open()
  try {
    const { people, agents, delegations } = core.authority
    const boss = await people.create({ name: 'boss', roles: ['administrator'] })
    const ann = await people.create({ name: 'ann', roles: ['operator'] }, boss.id)
    await agents.register(
      { name: 'bot', owner: boss.id, purpose: 'test', roles: [], unattended: false },
      { person: boss.id },
    )
    const expiresAt = systemClock.now() + 600_000
    const { id } = await delegations.create({ person: ann.id, agent: 'bot', expiresAt })
    assert.ok(delegations.get(id) !== undefined)
    const leaving = people.leave(ann.id, { person: boss.id, reason: 'has gone' })
    // Before anything was written: the delegation holds no more.
    assert.equal(delegations.chainOf(id), undefined)
    await leaving
    await core.close()
    core = await open()
    assert.equal(core.authority.delegations.chainOf(id), undefined)
    const [record] = await core.audit.tail({ type: 'delegation.revoked', limit: 1 })
    assert.equal(record?.record.body['delegation'], id)
  } finally {
    await core.close()
    rmSync(home, { recursive: true, force: true })
  }
})
