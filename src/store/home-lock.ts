// Holds the lock on a home: one process at a time, freed by the kernel however that process ends.

import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { faults } from '../std/fault.ts'
import { STORE_FAULTS } from './faults.ts'
import { checkPrivate } from './permissions.ts'

const fault = faults(STORE_FAULTS)

/** A home that is ours until `release`. */
export interface HomeLock {
  release(): void
}

/**
 * Takes the home for this process. The lock is a file lock of the kernel (an exclusive SQLite transaction on `home.lock`),
 * so `kill -9` frees it and nothing stale is ever left. Throws `store.home_in_use`, naming the process that has it.
 */
export function lockHome(directory: string): HomeLock {
  const path = join(directory, 'home.lock')
  const pidPath = join(directory, 'home.pid')
  checkPrivate(directory, 'directory')
  checkPrivate(path, 'file')
  createOnce(path)
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    throw fault('store.home_in_use', `\`${directory}\` is in use by ${holder(pidPath)}`, cause)
  }
  // Written only by who holds the lock, and renamed into place: a reader sees a whole number or the one before it.
  writeFileSync(`${pidPath}.new`, `${process.pid}\n`, { mode: 0o600 })
  chmodSync(`${pidPath}.new`, 0o600)
  renameSync(`${pidPath}.new`, pidPath)
  return {
    release() {
      if (!database.isOpen) return
      rmSync(pidPath, { force: true })
      database.close()
    },
  }
}

/**
 * Makes the file where there is none. An existing one is never opened here: closing any descriptor of a file drops
 * this process's POSIX locks on it, and with them the lock that an earlier call took.
 */
function createOnce(path: string): void {
  if (existsSync(path)) return
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    // Another process that starts now may have been faster; the lock itself decides between the two.
    if (!existsSync(path)) throw error
  }
}

/** Words for who has the lock; between taking it and writing the number there is an instant without one. */
function holder(pidPath: string): string {
  try {
    const pid = readFileSync(pidPath, 'utf8').trim()
    return /^[0-9]+$/.test(pid) ? `process ${pid}` : 'another process'
  } catch {
    return 'another process'
  }
}
