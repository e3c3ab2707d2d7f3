// Holds the migration of PostgreSQL for a home: its schema, its roles, and the home's rows where they move.

import { existsSync } from 'node:fs'
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
import { MOVED_FILE, orderInDatabase } from './database.ts'
import { serverFault } from './faults.ts'
import type { Machine } from './ground.ts'
import { homeFacts, makeHome } from './home.ts'
import { settings } from './settings.ts'

/** What was done. */
export interface Migrated {
  /** The role that Bailiwick runs under. */
  readonly role: string
  /** Rows that moved; null where none were to. */
  readonly moved: number | null
  /** Records of the log that moved; null where none were to. */
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
}): Promise<Migrated> {
  const { home, environment, machine, move } = of
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
    const gateway = gatewayName
    const moved = await moveStore({ home, gateway, keys, ownerUrl, machine })
    const records = await moveLog({ home, gateway, keys, url: databaseUrl, machine })
    if (moved === null && records === 0) {
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
}

/** Moves the rows, and gives how many; null where they have moved before. */
async function moveStore(of: Moving & { readonly ownerUrl: string }): Promise<number | null> {
  const { home, gateway, keys, ownerUrl, machine } = of
  const { clock, entropy } = machine
  const path = join(home, 'bailiwick.db')
  if (!existsSync(path) || existsSync(join(home, MOVED_FILE))) return null
  const counts = await moveRows({ path, ownerUrl, signer: keys.authority })
  const moved = [...counts.values()].reduce((sum, count) => sum + count, 0)
  // Nothing opens the old rows from here on: a crash before the record leaves a move that nobody can take back unseen.
  replaceDurable(join(home, MOVED_FILE), utf8(`${rfc3339(clock.now())}\n`))
  const origin = originOf(of)
  const audit = await openAuditLog({ home, gateway, origin, signer: keys.log, clock, entropy })
  await audit.append({ type: 'store.moved', phase: 'lifecycle', body: { rows: moved } })
  await audit.close()
  return moved
}

/** Moves what the database does not have of the log, and gives how many records that were. */
async function moveLog(of: Moving & { readonly url: string }): Promise<number> {
  const { home, gateway, keys, url } = of
  if (!existsSync(join(home, 'log-state.sqlite'))) return 0
  const origin = originOf(of)
  const { vkey } = openLogKey(home, origin, keys.log)
  orderInDatabase(home)
  return await uploadLog({ home, gateway, origin, vkey, url })
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
