// Holds where the rows of a home are: in its own SQLite, or in PostgreSQL where there is a DATABASE_URL.

import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { KeyRing } from '../keys/ring.ts'
import { openStore, type Store } from '../store/open.ts'
import { DatabaseLease } from '../store/postgres/lease.ts'
import { openPostgresStore } from '../store/postgres/open.ts'
import type { Timer } from '../std/timer.ts'
import { serverFault } from './faults.ts'
import type { Settings } from './settings.ts'
import type { Stack } from './stack.ts'

/** File in a home whose rows have moved: what is in `bailiwick.db` then is history. */
export const MOVED_FILE = 'moved-to-postgresql'

/** Opens the rows with the turn that was taken for them. */
export type OpenRows = (keys: KeyRing) => Promise<Store>

/**
 * Takes the turn at the database of a home, before anything of it is touched; with SQLite the lock on the home is that. While
 * another process has it, this one waits where it is a standby. Throws what `DatabaseLease.take` throws, and `server.moved`.
 */
export async function takeDatabase(
  { home, databaseUrl, standby, gatewayName }: Settings,
  timer: Timer,
  note: (event: string, facts?: Readonly<Record<string, unknown>>) => void,
  stack: Stack,
): Promise<OpenRows> {
  if (databaseUrl === undefined) {
    if (existsSync(join(home, MOVED_FILE))) {
      throw serverFault('server.moved', 'the rows of this home have moved to PostgreSQL')
    }
    return ({ authority }) => openStore({ directory: home, signer: authority })
  }
  const holder = `${gatewayName} on ${hostname()}, process ${process.pid}`
  const onWait = (other: string): void => note('standing by', { until_the_end_of: other })
  const lease = await DatabaseLease.take({ url: databaseUrl, timer, holder, wait: standby, onWait })
  stack.push(() => lease.release())
  lease.onLost((fault) => {
    note('the database was taken over by another process: this one ends', { error: fault.message })
    // As its supervisor would end it: calls land, and what is open is closed in order.
    process.kill(process.pid, 'SIGTERM')
  })
  return ({ authority }) => openPostgresStore({ url: databaseUrl, signer: authority, lease })
}
