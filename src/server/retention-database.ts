// Holds the part of retention that the owner of PostgreSQL does: what the log says was dropped goes from the tables too.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { LogFolder } from '../audit/log-folder.ts'
import { dropFromDatabase } from '../audit/postgres/drop.ts'
import { droppedOnRecord } from '../audit/retention/on-record.ts'
import { isOrderedInDatabase } from './database.ts'
import { serverFault } from './faults.ts'

/** What went of one shard, now. */
interface Removed {
  readonly shard: string
  readonly records: number
}

/**
 * Removes from PostgreSQL the records of every shard that the log of this home says was dropped, as the owner of
 * BAILIWICK_OWNER_DATABASE_URL; servers go on meanwhile. Throws `server.setting`, `server.moved` where PostgreSQL does not order this log,
 * `audit.unavailable`, and what reading the log throws.
 */
export async function dropInDatabase(of: {
  readonly home: string
  readonly environment: Readonly<Record<string, string | undefined>>
}): Promise<Removed[]> {
  const { home, environment } = of
  const ownerUrl = environment['BAILIWICK_OWNER_DATABASE_URL'] ?? ''
  if (ownerUrl === '') {
    throw serverFault('server.setting', 'BAILIWICK_OWNER_DATABASE_URL is not set')
  }
  if (!isOrderedInDatabase(home) || !existsSync(join(home, 'log-state.sqlite'))) {
    throw serverFault('server.setting', 'the log of this home is not in PostgreSQL')
  }
  const words = droppedOnRecord(home, new LogFolder(join(home, 'log')))
  const removed: Removed[] = []
  for (const word of words.values()) {
    removed.push({ shard: word.name, records: await dropFromDatabase(ownerUrl, word) })
  }
  return removed
}
