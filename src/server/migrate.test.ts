// Holds the tests of moving a home to PostgreSQL: killed after every step, it goes on where it was when it is run again.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { PostgresServer, type PostgresDatabase } from '../../test/fakes/postgres.ts'
import { systemClock } from '../std/clock.ts'
import { systemEntropy } from '../std/entropy.ts'
import { systemTimer } from '../std/timer.ts'
import { openCore } from './core.ts'
import { MOVED_FILE } from './database.ts'
import { migrateDatabase } from './migrate.ts'
import { settings } from './settings.ts'

const PROGRAM = fileURLToPath(new URL('../../test/fakes/move-killed.ts', import.meta.url))
const machine = { clock: systemClock, entropy: systemEntropy, timer: systemTimer }

let server: PostgresServer
let folder: string
before(async () => {
  server = await PostgresServer.start()
  folder = mkdtempSync(join(tmpdir(), 'bailiwick-move-'))
  // A home as one start and one end leave it: rows, and a log of its own.
  const core = await openCore(settings({ home: join(folder, 'home') }, {}), machine, () => '')
  await core.close()
})
after(async () => {
  rmSync(folder, { recursive: true, force: true })
  await server[Symbol.asyncDispose]()
})

function environmentOf({ url, ownerUrl }: PostgresDatabase): Record<string, string> {
  return { DATABASE_URL: url, BAILIWICK_OWNER_DATABASE_URL: ownerUrl }
}

/** A copy of the home. */
function copyOf(name: string): string {
  const home = join(folder, name)
  execFileSync('cp', ['-a', join(folder, 'home'), home])
  return home
}

test('a move that is killed after any step goes on when it is run again, and does everything once', async () => {
  const steps: string[] = []
  const database = await server.database()
  const move = { machine, move: true }
  const whole = await migrateDatabase({
    ...move,
    home: copyOf('whole'),
    environment: environmentOf(database),
    onStep: (step) => void steps.push(step),
  })
  assert.ok(whole.moved !== null && whole.moved > 0 && whole.records !== null && whole.records > 0)
  assert.deepEqual(steps.slice(0, 6), [
    'copied',
    'committed',
    'marked',
    'recorded',
    'said',
    'ordered',
  ])
  assert.ok(steps.some((step) => step.startsWith('swapped ')))
  for (const [at, step] of steps.entries()) {
    const home = copyOf(`killed-${at}`)
    const own = await server.database()
    const environment = environmentOf(own)
    const { signal, stdout } = spawnSync(process.execPath, [PROGRAM, home, String(at + 1)], {
      env: { ...process.env, ...environment },
      encoding: 'utf8',
    })
    assert.deepEqual([signal, stdout.trim().split('\n').at(-1)], ['SIGKILL', step])
    const again = await migrateDatabase({ ...move, home, environment })
    assert.equal(again.moved, whole.moved, step)
    const rows = await server.query('select rows::int as rows from bailiwick.moved', own.name)
    assert.deepEqual(rows, [{ rows: whole.moved }], step)
    assert.match(readFileSync(join(home, MOVED_FILE), 'utf8'), /^recorded$/m)
    const recorded = await server.query(
      `select 1 from audit.records where convert_from(entry, 'UTF8') like '%"type":"store.moved"%'`,
      own.name,
    )
    assert.equal(recorded.length, 1, step)
    assert.ok(existsSync(join(home, 'bailiwick.db')))
    if (at % 4 !== 1) continue
    // And once more, with nothing left to do.
    const third = await migrateDatabase({ ...move, home, environment })
    assert.deepEqual([third.moved, third.records], [whole.moved, 0], step)
    // What a server finds there is whole: every row on its roll, and the log as it was.
    const core = await openCore(settings({ home }, environment), machine, () => '')
    assert.deepEqual(await core.grantPorts.store.check(), [], step)
    await core.close()
  }
})

test('a home that has neither rows nor a log says so', async () => {
  const environment = environmentOf(await server.database())
  const home = join(folder, 'empty')
  await assert.rejects(migrateDatabase({ home, environment, machine, move: true }), {
    code: 'server.moved',
  })
})
