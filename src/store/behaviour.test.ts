// Holds the behaviour that every database has to show as a store, and the embedded one's run of it.

import assert from 'node:assert/strict'
import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { FakeAudit } from '../../test/fakes/audit.ts'
import { PostgresServer } from '../../test/fakes/postgres.ts'
import { Fault } from '../std/fault.ts'
import { systemTimer } from '../std/timer.ts'
import type { Receipt } from '../wire/record.ts'
import { openStore, type Store } from './open.ts'
import { DatabaseLease } from './postgres/lease.ts'
import { migratePostgres } from './postgres/migrate.ts'
import { openPostgresStore } from './postgres/open.ts'
import type { Agent } from './rows/agent.ts'
import type { Lock } from './rows/lock.ts'
import type { Person } from './rows/person.ts'
import type { RowSigner } from './signed-rows.ts'

/** A database that the suite can open again, and write to behind the store's back. */
interface Bench {
  open(): Promise<Store>
  /** Runs one statement as somebody with a database client would. */
  byHand(statement: string): Promise<void>
  dispose(): Promise<void>
}

/** An Ed25519 signer of a test's own. */
function newSigner(): RowSigner {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    sign: (data) => new Uint8Array(sign(null, data, privateKey)),
    verify: (data, signature) => verify(null, data, publicKey, signature),
  }
}

const person = (n: number, roles: readonly string[] = []): Person => ({
  id: `per_${n}`,
  name: `person-${n}`,
  roles,
  credentials: [],
  createdAt: 1,
})

const agent = (name: string, state: Agent['state'] = 'active'): Agent => ({
  name,
  owner: 'per_1',
  purpose: 'tries the store',
  roles: [],
  unattended: false,
  state,
  createdAt: 1,
})

const lock = (id: string, state: Lock['state'] = 'active'): Lock => ({
  id,
  target: { kind: 'agent', name: 'bot' },
  reason: 'a test',
  person: 'per_1',
  at: 1,
  state,
})

async function receipt(audit: FakeAudit): Promise<Receipt> {
  return audit.append({ type: 'test.row', phase: 'admin', body: {} })
}

const code = (expected: string) => (error: unknown) =>
  error instanceof Fault && error.code === expected

/** The suite: a second dialect joins by calling it with a bench of its own. */
export function storeBehaviour(name: string, newBench: () => Promise<Bench>): void {
  const scenario = (title: string, run: (bench: Bench, audit: FakeAudit) => Promise<void>) =>
    test(`${name}: ${title}`, async () => {
      const bench = await newBench()
      try {
        await run(bench, new FakeAudit())
      } finally {
        await bench.dispose()
      }
    })

  scenario('what was written is there after it was opened again', async (bench, audit) => {
    let store = await bench.open()
    const proof = await receipt(audit)
    await store.people.insert(person(1, ['administrator']), proof)
    await store.close()
    store = await bench.open()
    const held = await store.people.get('per_1')
    assert.equal(held?.leaf, proof.leaf)
    assert.deepEqual({ ...held.doc }, person(1, ['administrator']))
    assert.equal((await store.people.all({ name: 'person-1' })).length, 1)
    assert.equal((await store.people.all({ name: ['person-2', 'person-3'] })).length, 0)
    assert.deepEqual(await store.check(), [])
    await store.close()
  })

  scenario('ids and unique columns are taken once', async (bench, audit) => {
    const store = await bench.open()
    await store.people.insert(person(1), await receipt(audit))
    const proof = await receipt(audit)
    await assert.rejects(store.people.insert(person(1), proof), code('store.exists'))
    const namesake = { ...person(2), name: 'person-1' }
    await assert.rejects(store.people.insert(namesake, proof), code('store.exists'))
    assert.deepEqual(await store.check(), [])
    await store.close()
  })

  scenario('what has ended is pruned, and what a roll counts is not', async (bench, audit) => {
    const store = await bench.open()
    const proof = await receipt(audit)
    for (let n = 0; n < 4; n++) await store.spent.insert({ id: `s${n}`, expiresAt: n }, proof)
    assert.equal(await store.spent.prune('expires_at', 2), 2)
    assert.deepEqual(
      (await store.spent.all()).map((held) => held.doc.id),
      ['s2', 's3'],
    )
    const session = (hash: string, state: 'live' | 'ended') =>
      ({ hash, person: 'per_1', by: 'link', state, createdAt: 0, expiresAt: 1 }) as const
    await store.sessions.insert(session('a', 'live'), proof)
    await store.sessions.insert(session('b', 'ended'), proof)
    assert.equal(await store.sessions.prune('expires_at', 9), 1)
    assert.ok(await store.sessions.get('a'))
    assert.deepEqual(await store.check(), [])
    await assert.rejects(store.teams.prune('id', 9), TypeError)
    await store.close()
  })

  scenario('of two that replace the same row one wins', async (bench, audit) => {
    const store = await bench.open()
    const held = await store.agents.insert(agent('bot'), await receipt(audit))
    const [a, b] = [await receipt(audit), await receipt(audit)]
    const results = await Promise.allSettled([
      store.agents.replace(held, agent('bot', 'suspended'), a),
      store.agents.replace(held, agent('bot', 'retired'), b),
    ])
    const refused = results.filter((r) => r.status === 'rejected')
    assert.equal(refused.length, 1)
    assert.ok(code('store.conflict')(refused[0]?.reason))
    assert.equal((await store.agents.get('bot'))?.doc.state, 'suspended')
    assert.deepEqual(await store.check(), [])
    await store.close()
  })

  scenario('several writes are one, or none', async (bench, audit) => {
    const store = await bench.open()
    const proof = await receipt(audit)
    await assert.rejects(
      store.atomically(async (tables) => {
        await tables.people.insert(person(1), proof)
        await tables.people.insert(person(1), proof)
      }),
      code('store.exists'),
    )
    assert.equal(await store.people.get('per_1'), undefined)
    await store.atomically(async (tables) => {
      await tables.people.insert(person(1), proof)
      await tables.agents.insert(agent('bot'), proof)
    })
    assert.ok(await store.people.get('per_1'))
    assert.ok(await store.agents.get('bot'))
    assert.deepEqual(await store.check(), [])
    await store.close()
  })

  scenario('a certificate belongs to an instance that is there', async (bench, audit) => {
    const store = await bench.open()
    const certificate = {
      fingerprint: 'ab'.repeat(32),
      instance: 'nobody',
      serial: '01',
      key: 'k',
      notBefore: 1,
      notAfter: 9_007_199_254_740_991,
    }
    await assert.rejects(store.certificates.insert(certificate, await receipt(audit)))
    await store.instances.insert(
      {
        id: 'nobody',
        agent: 'bot',
        joinToken: 't',
        state: 'live',
        createdAt: 1,
        lifeEnds: 2,
      },
      await receipt(audit),
    )
    await store.certificates.insert(certificate, await receipt(audit))
    const held = await store.certificates.get(certificate.fingerprint)
    assert.equal(held?.doc.notAfter, 9_007_199_254_740_991)
    await store.close()
  })

  for (const [title, statement] of [
    [
      'a role added in the document',
      `update people set doc = replace(doc, '"guest"', '"administrator"')`,
    ],
    ['a column that says otherwise', `update people set name = 'root'`],
    ['the leaf of another record', `update people set leaf = '${'B'.repeat(43)}'`],
    ['a signature cut short', `update people set sig = substr(sig, 1, 20)`],
    ['another id', `update people set id = 'per_9'`],
  ] as const) {
    scenario(`INV-13 a row edited by hand is no authority: ${title}`, async (bench, audit) => {
      let store = await bench.open()
      await store.people.insert(person(1, ['guest']), await receipt(audit))
      await store.close()
      await bench.byHand(statement)
      const refused: string[] = []
      store = await bench.open()
      store.onRefused((fault, table) => refused.push(`${table} ${fault.code}`))
      assert.deepEqual(await store.people.all(), [])
      assert.deepEqual(refused, ['people store.unsigned_row'])
      assert.deepEqual(
        (await store.check()).map((fault) => fault.code),
        ['store.roll'],
      )
      await store.close()
    })
  }

  scenario('INV-13 a row of another table is no authority here', async (bench, audit) => {
    let store = await bench.open()
    await store.secrets.insert(
      { system: 'files', name: 'TOKEN', sealed: '', person: 'per_1', storedAt: 1 },
      await receipt(audit),
    )
    await store.close()
    await bench.byHand(
      `insert into locks (id, state, doc, sig, leaf) select id, 'active', doc, sig, leaf from secrets`,
    )
    store = await bench.open()
    assert.deepEqual(await store.locks.all(), [])
    assert.deepEqual(await store.check(), [], 'a row put in by hand takes nothing away')
    await store.close()
  })

  for (const [title, statement] of [
    ['deleted', `delete from locks`],
    ['deleted with the roll', `delete from locks; delete from rolls where id = 'locks'`],
    ['marked as removed', `update locks set state = 'removed'`],
    [
      'deleted, with the roll of a table that is empty',
      `delete from locks;
      update rolls set doc = (select doc from rolls where id = 'systems'),
        sig = (select sig from rolls where id = 'systems'),
        leaf = (select leaf from rolls where id = 'systems') where id = 'locks'`,
    ],
  ] as const) {
    scenario(`INV-13 a lock ${title} by hand shows`, async (bench, audit) => {
      let store = await bench.open()
      await store.locks.insert(lock('one'), await receipt(audit))
      await store.locks.insert(lock('two'), await receipt(audit))
      assert.deepEqual(await store.check(), [])
      await store.close()
      for (const part of statement.split(';')) await bench.byHand(part)
      store = await bench.open()
      assert.deepEqual(
        (await store.check()).map((fault) => fault.code),
        ['store.roll'],
      )
      await store.locks.insert(lock('three'), await receipt(audit))
      assert.equal((await store.check()).length, 1, 'a later write does not heal the roll')
      await store.adopt(await receipt(audit))
      assert.deepEqual(await store.check(), [])
      await store.close()
    })
  }

  scenario('INV-13 an older version of a row put back by hand shows', async (bench, audit) => {
    let store = await bench.open()
    const held = await store.agents.insert(agent('bot'), await receipt(audit))
    await store.close()
    await bench.byHand('create table kept as select * from agents')
    store = await bench.open()
    await store.agents.replace(held, agent('bot', 'suspended'), await receipt(audit))
    assert.deepEqual(await store.check(), [])
    await store.close()
    await bench.byHand('delete from agents')
    await bench.byHand('insert into agents select * from kept')
    store = await bench.open()
    assert.equal((await store.agents.get('bot'))?.doc.state, 'active', 'its signature still holds')
    assert.deepEqual(
      (await store.check()).map((fault) => fault.code),
      ['store.roll'],
    )
    await store.close()
  })

  scenario('a database of a newer version is refused', async (bench) => {
    await (await bench.open()).close()
    await bench.byHand(
      `insert into schema_migrations values ('9999_later', '2030-01-01T00:00:00.000Z')`,
    )
    await assert.rejects(bench.open(), code('store.newer'))
  })
}

storeBehaviour('sqlite', () => {
  const directory = mkdtempSync(join(tmpdir(), 'bailiwick-store-'))
  const signer = newSigner()
  return Promise.resolve({
    open: () => openStore({ directory, signer }),
    byHand: (statement) => {
      const database = new DatabaseSync(join(directory, 'bailiwick.db'))
      database.exec(statement)
      database.close()
      return Promise.resolve()
    },
    dispose: () => {
      rmSync(directory, { recursive: true, force: true })
      return Promise.resolve()
    },
  })
})

const cluster = PostgresServer.start()
after(async () => {
  await (await cluster)[Symbol.asyncDispose]()
})

storeBehaviour('postgresql', async () => {
  const server = await cluster
  const database = await server.database()
  const { role, ownerUrl, url } = database
  const signer = newSigner()
  await migratePostgres({ ownerUrl, role, signer, more: [] })
  return {
    open: async () => {
      const lease = await DatabaseLease.take({
        url,
        timer: systemTimer,
        holder: 'a test',
        wait: true,
      })
      const store = await openPostgresStore({ url, signer, lease }).catch(
        async (error: unknown) => {
          await lease.release()
          throw error
        },
      )
      return { ...store, close: () => store.close().then(() => lease.release()) }
    },
    byHand: async (statement) => {
      await server.query(`set search_path = bailiwick; ${statement}`, database.name)
    },
    dispose: () => Promise.resolve(),
  }
})
