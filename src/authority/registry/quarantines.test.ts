// Holds the tests of quarantines: in force at once, written after, bounded, and there again after a restart.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOf, systemNamed, withAuthority } from '../../../test/fakes/authority.ts'
import type { Showing } from './quarantines.ts'

function showing(fingerprint: string, more: Partial<Showing> = {}): Showing {
  const { digest: _, ...seen } = systemNamed('files')
  return {
    system: 'files',
    pinned: 'sha256:pinned',
    fingerprint,
    seen,
    whole: false,
    actions: ['read_file'],
    prompts: [],
    differences: [{ part: 'tool', name: 'read_file', change: 'changed' }],
    ...more,
  }
}

const word = { person: 'per_ada', reason: 'looked at it' }

test('it is in force before it is written, and the same is recorded once', async () => {
  await withAuthority(async (home, { quarantines }) => {
    const opened = quarantines.open(showing('sha256:a'))
    assert.deepEqual(quarantines.of('files')?.actions, ['read_file'])
    assert.equal(await opened, true)
    assert.equal(await quarantines.open(showing('sha256:a')), false)
    const types = home.audit.recorded.map(({ draft }) => draft.type)
    assert.deepEqual(types, ['system.quarantined'])
    assert.equal((await home.store.quarantines.all()).length, 1)
  })
})

test('what it showed before still stops when it shows something else, and after a restart', async () => {
  await withAuthority(async (home, { quarantines }) => {
    await quarantines.open(showing('sha256:a'))
    await quarantines.open(showing('sha256:b', { actions: ['move_file'], prompts: ['sum'] }))
    const again = (await home.reopen()).quarantines
    const { actions, prompts, fingerprint, shown } = again.of('files')!
    assert.deepEqual(
      [actions, prompts, fingerprint, shown],
      [['read_file', 'move_file'], ['sum'], 'sha256:b', 2],
    )
  })
})

test('a system that shows something else each time is stopped whole, and fills no log', async () => {
  await withAuthority(async (home, { quarantines }) => {
    for (let at = 0; at < 100; at++) await quarantines.open(showing(`sha256:${at}`))
    assert.equal(quarantines.of('files')?.whole, true)
    assert.equal(home.audit.recorded.length, 20)
  })
})

test('a yes or a no is to exactly what was shown', async () => {
  await withAuthority(async (_, { quarantines }) => {
    assert.throws(() => quarantines.shown('files', 'sha256:a'), faultOf('quarantine.none'))
    await quarantines.open(showing('sha256:a'))
    assert.throws(() => quarantines.shown('files', 'sha256:b'), faultOf('quarantine.changed'))
    await assert.rejects(
      quarantines.reject('files', 'sha256:b', word),
      faultOf('quarantine.changed'),
    )
    assert.ok(quarantines.of('files') !== undefined)
    await assert.rejects(async () =>
      quarantines.reject('files', 'sha256:a', { ...word, reason: ' ' }),
    )
  })
})

test('what was rejected is remembered, for that pin alone, also after a restart', async () => {
  await withAuthority(async (home, { quarantines }) => {
    await quarantines.open(showing('sha256:a'))
    await quarantines.reject('files', 'sha256:a', word)
    assert.equal(quarantines.of('files'), undefined)
    for (const now of [quarantines, (await home.reopen()).quarantines]) {
      assert.equal(now.rejected('files', 'sha256:pinned', 'sha256:a'), true)
      assert.equal(now.rejected('files', 'sha256:other', 'sha256:a'), false)
      assert.equal(now.rejected('mail', 'sha256:pinned', 'sha256:a'), false)
      assert.equal(now.of('files'), undefined)
    }
  })
})

test('what it shows while the word on it is written is a quarantine of its own', async () => {
  await withAuthority(async (home, { quarantines }) => {
    await quarantines.open(showing('sha256:a'))
    const rejecting = quarantines.reject('files', 'sha256:a', word)
    const later = quarantines.open(showing('sha256:b'))
    await Promise.all([rejecting, later].map((one) => one.catch(() => undefined)))
    assert.equal(quarantines.of('files')?.fingerprint, 'sha256:b')
    const again = (await home.reopen()).quarantines
    assert.equal(again.of('files')?.fingerprint, 'sha256:b')
  })
})

test('where it cannot be recorded it stays in force, and is written when it shows itself again', async () => {
  await withAuthority(async (home, { quarantines }) => {
    home.audit.fail()
    await assert.rejects(quarantines.open(showing('sha256:a')))
    assert.ok(quarantines.of('files') !== undefined)
    home.audit.before = () => undefined
    await quarantines.open(showing('sha256:a'))
    assert.equal((await home.store.quarantines.all()).length, 1)
  })
})

test('INV-13 a quarantine that somebody ended by hand in the database is no authority', async () => {
  await withAuthority(async (home, { quarantines }) => {
    await quarantines.open(showing('sha256:a'))
    await home.editByHand(`delete from quarantines`)
    await home.open()
    assert.ok(
      home.troubles.length > 0 ||
        home.audit.recorded.some(({ draft }) => draft.type === 'authority.refused_rows'),
    )
  })
})
