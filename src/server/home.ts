// Holds where a home is, and the few facts of it that are no rows: its trust domain and when it was made.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { hex } from '../std/bytes.ts'
import { rfc3339, type Clock } from '../std/clock.ts'
import type { Entropy } from '../std/entropy.ts'
import { isTrustDomain } from '../wire/spiffe.ts'
import { serverFault } from './faults.ts'

/** The folder of a home: `$BAILIWICK_HOME`, or `~/.bailiwick`. */
export function defaultHome(environment: Readonly<Record<string, string | undefined>>): string {
  const named = environment['BAILIWICK_HOME']
  return named === undefined || named === '' ? join(homedir(), '.bailiwick') : resolve(named)
}

/** The file of what is no row. Whoever has it has keys beside it. */
export const HOME_FILE = 'home.json'

/** What `home.json` says. */
export interface HomeFacts {
  /** Schema of this file. */
  readonly version: 1
  readonly trust_domain: string
  /** RFC 3339. */
  readonly created_at: string
}

/** Makes the folder, private to this account, if it is not there. */
export function makeHome(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
}

/** Reads the facts of a locked home, or writes them on its first start. Throws `server.home`. */
export function homeFacts(directory: string, clock: Clock, entropy: Entropy): HomeFacts {
  const path = join(directory, HOME_FILE)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    const made: HomeFacts = {
      version: 1,
      trust_domain: `${hex(entropy.bytes(6))}.bailiwick.internal`,
      created_at: rfc3339(clock.now()),
    }
    // Published whole: a crash before the rename leaves no file, and the next start makes another name.
    writeFileSync(`${path}.new`, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600, flush: true })
    renameSync(`${path}.new`, path)
    return made
  }
  return check(text, path)
}

function check(text: string, path: string): HomeFacts {
  let facts: Partial<HomeFacts>
  try {
    facts = JSON.parse(text) as Partial<HomeFacts>
  } catch (cause) {
    throw serverFault('server.home', `${path} is no JSON`, cause)
  }
  const { version, trust_domain, created_at } = facts
  if (version !== 1) throw serverFault('server.home', `${path} was written by another version`)
  if (typeof trust_domain !== 'string' || !isTrustDomain(trust_domain)) {
    throw serverFault('server.home', `${path} names no trust domain`)
  }
  return { version, trust_domain, created_at: String(created_at) }
}
