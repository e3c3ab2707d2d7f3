// Holds the check that a home and its database files belong to us and are closed to everyone else.

import { lstatSync } from 'node:fs'
import { faults } from '../std/fault.ts'
import { STORE_FAULTS } from './faults.ts'

const fault = faults(STORE_FAULTS)

/** Throws `store.permissions` when the path is another's, open to others, or not what it should be; absent is fine. */
export function checkPrivate(path: string, kind: 'file' | 'directory'): void {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return
  if (kind === 'file' ? !stat.isFile() : !stat.isDirectory()) {
    throw fault('store.permissions', `\`${path}\` is not a ${kind}: move it away`)
  }
  const uid = process.getuid?.()
  if (uid !== undefined && stat.uid !== uid) {
    throw fault('store.permissions', `\`${path}\` belongs to another user: chown ${uid} '${path}'`)
  }
  if ((stat.mode & 0o077) !== 0) {
    const mode = kind === 'file' ? '600' : '700'
    throw fault('store.permissions', `\`${path}\` is open to other users: chmod ${mode} '${path}'`)
  }
}
