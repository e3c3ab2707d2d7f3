// Holds where the rows of a home are: in its own SQLite, or in PostgreSQL where there is a DATABASE_URL.

import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { replaceDurable } from '../audit/durable-file.ts'
import type { AuditLogOptions } from '../audit/options.ts'
import type { KeyRing } from '../keys/ring.ts'
import { openStore, type Store } from '../store/open.ts'
import { DatabaseLease } from '../store/postgres/lease.ts'
import { openPostgresStore } from '../store/postgres/open.ts'
import type { Timer } from '../std/timer.ts'
import { serverFault } from './faults.ts'
import { HOME_FILE } from './home.ts'
import type { Settings } from './settings.ts'
import type { Stack } from './stack.ts'

/** File in a home whose rows have moved: what is in `bailiwick.db` then is history. */
export const MOVED_FILE = 'moved-to-postgresql'

/** File in a home whose log PostgreSQL orders. */
const LOG_FILE = 'log-in-postgresql'

/**
 * Where the log of a home is ordered. A home that has a log of its own keeps it until that has moved; one that begins
 * on PostgreSQL is ordered there from its first record on. What a home began with it stays with: a file says so before anything is written.
 */
export function orderOf({
  home,
  databaseUrl,
  auditAck,
}: Pick<Settings, 'home' | 'databaseUrl' | 'auditAck'>): Pick<AuditLogOptions, 'database'> {
  const marked = isOrderedInDatabase(home)
  if (databaseUrl === undefined) {
    if (marked) throw serverFault('server.moved', 'the log of this home is ordered by PostgreSQL')
    return {}
  }
  if (!marked && existsSync(join(home, 'log-state.sqlite'))) return {}
  orderInDatabase(home)
  return { database: { url: databaseUrl, ack: auditAck } }
}

/** Whether PostgreSQL orders the log of this home. */
export function isOrderedInDatabase(home: string): boolean {
  return existsSync(join(home, LOG_FILE))
}

/** Says for good that PostgreSQL orders the log of this home. Before anything of it is there: what is half moved is not opened. */
export function orderInDatabase(home: string): void {
  if (!isOrderedInDatabase(home)) replaceDurable(join(home, LOG_FILE), new Uint8Array())
}

/** The turn at the rows of a home. */
export interface Turn {
  /** Opens the rows with the turn that was taken for them. */
  readonly open: (keys: KeyRing) => Promise<Store>
  /** Whether it is still this process's. With SQLite it is, for as long as the process lives. */
  readonly holds: () => Promise<boolean>
}

/**
 * Takes the turn at the database of a home, before anything of it is touched; with SQLite the lock on the home is that. While
 * another process has it, this one waits where it is a standby, until it is `interrupted`. Throws `server.standby`, `server.moved`, and what
 * `DatabaseLease.take` throws.
 */
export async function takeDatabase(
  { home, databaseUrl, standby, gatewayName }: Settings,
  { interrupted, timer }: { readonly timer: Timer; readonly interrupted?: AbortSignal },
  note: (event: string, facts?: Readonly<Record<string, unknown>>) => void,
  stack: Stack,
): Promise<Turn> {
  if (databaseUrl === undefined) {
    if (existsSync(join(home, MOVED_FILE))) {
      throw serverFault('server.moved', 'the rows of this home have moved to PostgreSQL')
    }
    return {
      open: ({ authority }) => openStore({ directory: home, signer: authority }),
      holds: () => Promise.resolve(true),
    }
  }
  const holder = `${gatewayName} on ${hostname()}, process ${process.pid}`
  let waited = false
  const onWait = (other: string): void => {
    waited = true
    note('standing by', { until_the_end_of: other })
  }
  const lease = await DatabaseLease.take({
    url: databaseUrl,
    timer,
    holder,
    wait: standby,
    onWait,
    ...(interrupted && { interrupted }),
  })
  stack.push(() => lease.release())
  // Keys that are made here and now are those of another Bailiwick.
  if (waited && !existsSync(join(home, HOME_FILE))) {
    throw serverFault(
      'server.standby',
      'this home has no keys of the Bailiwick that it stood by for',
    )
  }
  lease.onLost((fault) => {
    note('the database was taken over by another process: this one ends', { error: fault.message })
    // As its supervisor would end it: calls land, and what is open is closed in order.
    process.kill(process.pid, 'SIGTERM')
  })
  return {
    open: ({ authority }) => openPostgresStore({ url: databaseUrl, signer: authority, lease }),
    holds: () => lease.holds(),
  }
}
