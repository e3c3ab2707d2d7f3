// Holds writing a secret to a file that this account alone can read.

import { closeSync, constants, openSync, renameSync, writeFileSync } from 'node:fs'
import { fault } from '../faults.ts'

/** Writes a new file with mode 0600. Throws `cli.file` where a file, or a link, is there already. */
export function writeSecretFile(path: string, text: string): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL
  let descriptor: number
  try {
    descriptor = openSync(path, flags, 0o600)
  } catch (cause) {
    const there = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    throw fault('cli.file', `${path} ${there ? 'is there already' : 'cannot be written'}`, cause)
  }
  try {
    writeFileSync(descriptor, text, { flush: true })
  } finally {
    closeSync(descriptor)
  }
}

/** Replaces such a file by a whole new one; a crash leaves the one or the other. */
export function replaceSecretFile(path: string, text: string): void {
  const next = `${path}.new`
  writeSecretFile(next, text)
  renameSync(next, path)
}
