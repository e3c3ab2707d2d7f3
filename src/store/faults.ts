// Holds the fault codes of the store floor.

import type { FaultCatalogue } from '../std/fault.ts'

/** Codes of the store. */
export const STORE_FAULTS = {
  'store.home_in_use': {
    status: 409,
    next: 'stop the process that is named, or set BAILIWICK_HOME to another home',
  },
  'store.permissions': {
    status: 500,
    next: 'run the chmod or chown command that is named, then start again',
  },
  'store.newer': {
    status: 409,
    next: 'start the version of bailiwick that made this home, or a later one',
  },
  'store.migration': {
    status: 500,
    next: 'nothing was changed: keep the home as it is and report the error with the version',
  },
  'store.unsigned_row': {
    status: 500,
    next: 'find out who wrote to the database, then make the entry again with the bailiwick command for it',
  },
  'store.roll': {
    status: 500,
    next: 'find out who wrote to the database, then look at `bailiwick lock ls` and `bailiwick audit tail`',
  },
  'store.unavailable': {
    status: 503,
    next: 'try again; if it stays, look at the database: nothing was changed, or the answer was lost on the way',
  },
  'store.connections': {
    status: 503,
    next: 'raise max_connections of PostgreSQL, or end what holds its connections: each process of Bailiwick takes up to twelve',
  },
  'store.read_only': {
    status: 503,
    next: 'point DATABASE_URL at the primary; where a failover is under way, try again once the replica was promoted',
  },
  'store.tls': {
    status: 503,
    next: 'give the certificate authority of the database as sslrootcert, and the name that its certificate holds as host',
  },
  'store.login': {
    status: 500,
    next: 'correct role and password in DATABASE_URL, or the line for this role in pg_hba.conf',
  },
  'store.no_database': {
    status: 500,
    next: 'correct the name at the end of DATABASE_URL, or make the database: createdb --owner OWNER NAME',
  },
  'store.denied': {
    status: 500,
    next: 'run bailiwick migrate, which gives the role of DATABASE_URL what it needs and no more',
  },
  'store.database_url': {
    status: 500,
    next: 'correct DATABASE_URL: postgresql://role@host/database?sslmode=verify-full',
  },
  'store.database_in_use': {
    status: 409,
    next: 'stop the process that is named, or start this one with --standby, which waits for its end',
  },
  'store.fenced': {
    status: 503,
    next: 'start this process again: another one has the database now',
  },
  'store.migrate': { status: 500, next: 'run: bailiwick migrate' },
  'store.role': {
    status: 500,
    next: 'run the statements that are named, or give Bailiwick a role of its own that owns nothing: docs/operate/postgresql.md',
  },
  'store.exists': { status: 409, next: 'choose another name, or change the entry that is there' },
  'store.conflict': { status: 409, next: 'read the entry again and repeat the change' },
} as const satisfies FaultCatalogue
