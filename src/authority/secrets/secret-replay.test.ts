// Holds the tests of the replay of credentials into an older database.

import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { AuthorityHome } from '../../../test/fakes/authority.ts'
import { openStore } from '../../store/open.ts'
import { replayCredentials } from './secret-replay.ts'

const by = { person: 'per_1' }
const of = { system: 'crm', person: 'per_2', terms: 't' }

test('INV-13 what was removed and taken back stays so when an older database is put back', async () => {
  const home = new AuthorityHome()
  const older = mkdtempSync(join(tmpdir(), 'bailiwick-older-'))
  try {
    const { secrets, upstreamTokens } = await home.open()
    for (const name of ['GONE', 'BACK', 'STAYS']) await secrets.put('crm', name, 'a value', by)
    await upstreamTokens.connect(of, { access: 'at' })
    await upstreamTokens.connect({ ...of, person: 'per_3' }, { access: 'at' })
    cpSync(join(home.directory, 'bailiwick.db'), join(older, 'bailiwick.db'))
    const wal = join(home.directory, 'bailiwick.db-wal')
    cpSync(wal, join(older, 'bailiwick.db-wal'))
    for (const name of ['GONE', 'BACK'])
      await secrets.remove('crm', name, { ...by, reason: 'over' })
    await secrets.put('crm', 'BACK', 'another', by)
    for (const person of ['per_2', 'per_3']) {
      await upstreamTokens.disconnect({ ...of, person }, { ...by, reason: 'over' })
    }
    await upstreamTokens.connect({ ...of, person: 'per_3' }, { access: 'anew' })
    const store = await openStore({ directory: older, signer: home.keys.authority })
    try {
      assert.equal(await replayCredentials({ audit: home.audit, store }), 2)
      const rows = await store.secrets.all()
      const removed = rows.filter(({ doc }) => doc.removed === true)
      assert.deepEqual(
        removed.map(({ doc }) => [doc.name, doc.sealed]),
        [['GONE', '']],
      )
      const tokens = await store.upstreamTokens.all()
      assert.deepEqual(
        tokens.map(({ doc }) => [doc.person, doc.state]),
        [
          ['per_2', 'disconnected'],
          ['per_3', 'connected'],
        ],
      )
      assert.equal(await replayCredentials({ audit: home.audit, store }), 0)
      assert.deepEqual(await store.check(), [])
    } finally {
      await store.close()
    }
  } finally {
    await home.dispose()
    rmSync(older, { recursive: true, force: true })
  }
})
