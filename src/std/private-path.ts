// Holds the check that a file or directory belongs to us and is closed to everyone else.

import { lstatSync } from 'node:fs'

/** What is wrong with a path that only we may use, with the command that cures it; undefined for nothing, and for what is absent. */
export function exposure(path: string, kind: 'file' | 'directory'): string | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return undefined
  if (kind === 'file' ? !stat.isFile() : !stat.isDirectory()) {
    return `\`${path}\` is not a plain ${kind}: move it away`
  }
  const uid = process.getuid?.()
  if (uid !== undefined && stat.uid !== uid) {
    return `\`${path}\` belongs to another user: chown ${uid} '${path}'`
  }
  if ((stat.mode & 0o077) !== 0) {
    return `\`${path}\` is open to other users: chmod ${kind === 'file' ? '600' : '700'} '${path}'`
  }
  return undefined
}
