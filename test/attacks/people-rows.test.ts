// Holds attacks on the rows that say what people may do, and on the end of it where nothing can be written.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { replay } from '../../src/authority/replay.ts'
import type { AuditRecord } from '../../src/wire/record.ts'
import type { FakeAudit } from '../fakes/audit.ts'
import { AuthorityHome, faultOf } from '../fakes/authority.ts'

test('INV-5 who leaves is gone even where it cannot be recorded', async () => {
  const own = new AuthorityHome()
  try {
    const { people } = await own.open()
    await people.create({ name: 'boss', roles: ['administrator'] })
    const eve = await people.create({ name: 'eve', roles: ['operator'] })
    own.audit.fail()
    const word = { person: eve.id, reason: 'gone' }
    await assert.rejects(people.leave('eve', word), faultOf('audit.unavailable'))
    assert.equal(people.get(eve.id), undefined)
    own.audit.recover()
    assert.equal((await people.leave('eve', word)).state, 'left')
  } finally {
    await own.dispose()
  }
})

/** What was recorded, as the log shows it: the newest first. */
function logOf(audit: FakeAudit): Parameters<typeof replay>[0]['audit'] {
  const logged = audit.recorded.map(({ draft, receipt }, index) => ({
    index,
    leaf: receipt.leaf,
    record: { ...draft, id: receipt.id, ts: receipt.ts } as AuditRecord,
  }))
  return {
    append: (draft) => audit.append(draft),
    tail: ({ type, limit, before = Infinity }) =>
      Promise.resolve(
        logged
          .filter(({ index, record }) => index < before && (type ?? record.type) === record.type)
          .reverse()
          .slice(0, limit),
      ),
    byCall: () => Promise.resolve([]),
  }
}

const AS_TEXT = (of: string) => `'${of.replaceAll("'", "''")}'`

test('INV-13 rows edited in the database to make an administrator make none', async () => {
  const own = new AuthorityHome()
  try {
    let { people } = await own.open()
    const mallory = await people.create({ name: 'mallory', roles: [] })
    await people.create({ name: 'boss', roles: ['administrator'] })
    await own.editByHand(
      `update people set doc = replace(doc, '"roles":[]', '"roles":["administrator"]') where name = 'mallory'`,
    )
    ;({ people } = await own.open())
    assert.equal(people.get(mallory.id), undefined)
    assert.ok(own.audit.types().includes('authority.refused_rows'))
    await own.editByHand(
      `insert into people (id, name, doc, sig, leaf) select 'per_x', 'x', replace(replace(doc, '"name":"boss"', '"name":"x"'), id, 'per_x'), sig, leaf from people where name = 'boss'`,
    )
    ;({ people } = await own.open())
    assert.equal(people.get('per_x'), undefined)
  } finally {
    await own.dispose()
  }
})

test('INV-13 the row from before a demotion, put back whole with its signature, locks everything', async () => {
  const own = new AuthorityHome()
  try {
    let authority = await own.open()
    const { people } = authority
    await people.create({ name: 'boss', roles: ['administrator'] })
    const mallory = await people.create({ name: 'mallory', roles: ['administrator', 'operator'] })
    const held = await own.store.people.get(mallory.id)
    await people.change('mallory', { roles: [] }, { person: mallory.id, reason: 'demoted' })
    const doc = JSON.stringify({
      createdAt: held!.doc.createdAt,
      credentials: [],
      id: mallory.id,
      name: 'mallory',
      roles: ['administrator', 'operator'],
    })
    await own.editByHand(
      `update people set doc = ${AS_TEXT(doc)}, sig = ${AS_TEXT(held!.sig)}, leaf = ${AS_TEXT(held!.leaf)} where id = ${AS_TEXT(mallory.id)}`,
    )
    authority = await own.open()
    // What the log took away is taken away again before anything is served.
    const replayed = await replay({ audit: logOf(own.audit), store: own.store, clock: own.clock })
    assert.equal(replayed.people, 1)
    authority = await own.reopen()
    assert.deepEqual(authority.people.get(mallory.id)?.roles, [])
    const [lock] = authority.locks.list()
    assert.equal(lock?.id, 'integrity')
    assert.equal(lock.target.kind, 'everything')
    assert.match(lock.reason, /people/)
  } finally {
    await own.dispose()
  }
})

test('INV-13 a session that has ended and was put back in the database locks everything', async () => {
  const own = new AuthorityHome()
  try {
    let authority = await own.open()
    const eve = await authority.people.create({ name: 'eve', roles: [] })
    const { session } = await authority.sessions.open({ person: eve.id, by: 'link' })
    const held = await own.store.sessions.get(session.hash)
    const { hash } = session
    await authority.sessions.end(hash, { reason: 'signed out' })
    const doc = JSON.stringify(
      Object.fromEntries(Object.entries(held!.doc).sort(([a], [b]) => (a < b ? -1 : 1))),
    )
    await own.editByHand(
      `update sessions set state = 'live', doc = ${AS_TEXT(doc)}, sig = ${AS_TEXT(held!.sig)}, leaf = ${AS_TEXT(held!.leaf)} where id = ${AS_TEXT(hash)}`,
    )
    authority = await own.open()
    assert.equal(
      (await replay({ audit: logOf(own.audit), store: own.store, clock: own.clock })).sessions,
      1,
    )
    authority = await own.reopen()
    assert.deepEqual(authority.sessions.listOf(eve.id), [])
    assert.equal(authority.locks.list()[0]?.id, 'integrity')
  } finally {
    await own.dispose()
  }
})
