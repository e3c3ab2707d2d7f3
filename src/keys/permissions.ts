// Holds the check that key files and their directory belong to us and are closed to everyone else.

import { lstatSync } from 'node:fs'
import { faults } from '../std/fault.ts'
import { KEYS_FAULTS } from './faults.ts'

const fault = faults(KEYS_FAULTS)

/** Throws `keys.permissions`, with the command that cures it, unless the path is a plain file or directory of ours alone. */
export function checkKeyPath(path: string, kind: 'file' | 'directory'): void {
  const stat = lstatSync(path)
  if (kind === 'file' ? !stat.isFile() : !stat.isDirectory()) {
    throw fault('keys.permissions', `\`${path}\` is not a plain ${kind}`)
  }
  const uid = process.getuid?.()
  if (uid !== undefined && stat.uid !== uid) {
    throw fault('keys.permissions', `\`${path}\` belongs to another user: chown ${uid} '${path}'`)
  }
  if ((stat.mode & 0o077) !== 0) {
    const mode = kind === 'file' ? '600' : '700'
    throw fault('keys.permissions', `\`${path}\` is open to other users: chmod ${mode} '${path}'`)
  }
}
