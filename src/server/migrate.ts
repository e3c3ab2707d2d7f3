// Holds the migration of PostgreSQL for a home: its schema, its roles, and the home's rows where they move.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { auditSchema } from '../audit/postgres/schema.ts'
import { uploadLog } from '../audit/postgres/upload.ts'
import { openLogKey } from '../audit/log-key.ts'
import { openAuditLog } from '../audit/open.ts'
import { replaceDurable } from '../audit/durable-file.ts'
import { openKeyRing } from '../keys/file.ts'
import type { KeyRing } from '../keys/ring.ts'
import { lockHome } from '../store/home-lock.ts'
import { migratePostgres } from '../store/postgres/migrate.ts'
import { moveRows } from '../store/postgres/move.ts'
import { utf8 } from '../std/bytes.ts'
import { rfc3339 } from '../std/clock.ts'
import { isOrderedInDatabase, MOVED_FILE, orderInDatabase } from './database.ts'
import { serverFault } from './faults.ts'
import type { Machine } from './ground.ts'
import { homeFacts, makeHome } from './home.ts'
import { settings } from './settings.ts'

/** What was done. */
export interface Migrated {
  /** The role that Bailiwick runs under. */
  readonly role: string
  /** Rows that moved, now or when this was run before; null where none were to. */
  readonly moved: number | null
  /** Records of the log that moved now; null where the home has no log. */
  readonly records: number | null
}

/**
 * Migrates as the owner of BAILIWICK_OWNER_DATABASE_URL for the role of DATABASE_URL, on a home that nobody runs. With `move`, the rows
 * and the log of the home follow, and files in the home keep them from being opened where they were; what was interrupted goes on.
 * Throws `server.setting`, `server.moved`, `store.home_in_use` and what the store and the log throw.
 */
export async function migrateDatabase(of: {
  readonly home: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly machine: Machine
  readonly move: boolean
  /** Told after each step of a move; for a test that ends the process there. */
  readonly onStep?: (step: string) => void
}): Promise<Migrated> {
  const { home, environment, machine, move, onStep = () => undefined } = of
  const { databaseUrl, gatewayName } = settings({ home }, environment)
  const ownerUrl = environment['BAILIWICK_OWNER_DATABASE_URL']
  if (databaseUrl === undefined) throw serverFault('server.setting', 'DATABASE_URL is not set')
  if (ownerUrl === undefined || ownerUrl === '') {
    throw serverFault('server.setting', 'BAILIWICK_OWNER_DATABASE_URL is not set')
  }
  const role = roleOf(databaseUrl)
  makeHome(home)
  const lock = lockHome(home)
  try {
    const keys = openKeyRing(join(home, 'keys'), { entropy: machine.entropy })
    const signer = keys.authority
    await migratePostgres({ ownerUrl, role, signer, more: auditSchema(role) })
    if (!move) return { role, moved: null, records: null }
    const moving = { home, gateway: gatewayName, keys, machine, onStep }
    const moved = await moveStore({ ...moving, ownerUrl })
    const records = await moveLog({ ...moving, url: databaseUrl })
    if (moved === null && records === null) {
      throw serverFault('server.moved', 'this home has no rows and no records of its own to move')
    }
    return { role, moved, records }
  } finally {
    lock.release()
  }
}

/** What a move works on: a home that nobody runs. */
interface Moving {
  readonly home: string
  readonly gateway: string
  readonly keys: KeyRing
  readonly machine: Machine
  readonly onStep: (step: string) => void
}

/**
 * Moves the rows, and gives how many; null where the home has none. Each step finds what the one before left, so that a move that was
 * interrupted anywhere goes on there: rows and the word of them in one transaction, then the file that keeps the old rows shut, then the
 * record, then that it is recorded.
 */
async function moveStore(of: Moving & { readonly ownerUrl: string }): Promise<number | null> {
  const { home, keys, ownerUrl, machine, onStep } = of
  const path = join(home, 'bailiwick.db')
  if (!existsSync(path)) return null
  const marker = join(home, MOVED_FILE)
  if (!existsSync(marker)) {
    const onCopied = (): void => onStep('copied')
    const rows = await moveRows({ path, ownerUrl, signer: keys.authority, onCopied })
    onStep('committed')
    // Nothing opens the old rows from here on: a crash before the record leaves a move that nobody can take back unseen.
    replaceDurable(marker, utf8(`${rfc3339(machine.clock.now())}\nrows ${rows}\n`))
    onStep('marked')
  }
  const said = readFileSync(marker, 'utf8')
  const rows = Number(/^rows ([0-9]+)$/m.exec(said)?.[1] ?? 0)
  // A log that PostgreSQL orders is not opened here: it moved after the record.
  if (/^recorded$/m.test(said) || isOrderedInDatabase(home)) return rows
  await recordMove(of, rows)
  onStep('recorded')
  replaceDurable(marker, utf8(`${said}recorded\n`))
  onStep('said')
  return rows
}

/** Records the move in the home's own log, once. */
async function recordMove(of: Moving, rows: number): Promise<void> {
  const { home, gateway, keys, machine } = of
  const { clock, entropy } = machine
  const origin = originOf(of)
  const audit = await openAuditLog({ home, gateway, origin, signer: keys.log, clock, entropy })
  try {
    const [recorded] = await audit.tail({ type: 'store.moved', limit: 1 })
    if (recorded !== undefined) return
    await audit.append({ type: 'store.moved', phase: 'lifecycle', body: { rows } })
  } finally {
    await audit.close()
  }
}

/** Moves what the database does not have of the log, and gives how many records that were; null where the home has no log. */
async function moveLog(of: Moving & { readonly url: string }): Promise<number | null> {
  const { home, gateway, keys, url, onStep } = of
  if (!existsSync(join(home, 'log-state.sqlite'))) return null
  const origin = originOf(of)
  const key = openLogKey(home, origin, keys.log)
  orderInDatabase(home)
  onStep('ordered')
  return await uploadLog(
    { home, gateway, origin, vkey: key.vkey, spoolKey: key.spoolKey(), url },
    onStep,
  )
}

function originOf({ home, machine }: Moving): string {
  return `${homeFacts(home, machine.clock, machine.entropy).trust_domain}/log`
}

/** The name of the role in a URL of a database. */
function roleOf(url: string): string {
  if (!URL.canParse(url)) throw serverFault('server.setting', 'DATABASE_URL is no URL')
  const role = decodeURIComponent(new URL(url).username)
  if (role === '') throw serverFault('server.setting', 'DATABASE_URL names no role')
  return role
}
