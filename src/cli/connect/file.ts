// Holds the reading and writing of somebody's configuration file: theirs alone, whole or not at all, and only if it is still the same.

import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { hex } from '../../std/bytes.ts'
import type { Entropy } from '../../std/entropy.ts'
import { fault } from './faults.ts'

/** Bytes of a file. */
const MOST_BYTES = 8_388_608
const BOM = '\ufeff'

/** A file as it was read, or that none is there. */
export interface ConfigFile {
  /** With links followed. */
  readonly path: string
  readonly bytes: Uint8Array | undefined
  /** Without a byte order mark; empty where there is no file. */
  readonly text: string
  readonly bom: boolean
  readonly mode: number
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

function refuse(path: string, what: string, cause?: unknown) {
  return fault('connect.file', `${path} ${what}`, cause)
}

/** Refuses what somebody else could have put there, or could put there while we write. */
function checkOwn(path: string, uid: number | undefined): void {
  const { mode: folderMode, uid: folderOwner } = statSync(dirname(path))
  if ((folderMode & 0o002) !== 0)
    throw refuse(dirname(path), 'is a folder that everybody may write')
  if (uid !== undefined && folderOwner !== uid && folderOwner !== 0) {
    throw refuse(dirname(path), 'belongs to somebody else')
  }
}

/** The file behind a path; undefined where there is none. A link counts if it is the person's own. */
function realPath(path: string, uid: number | undefined): string | undefined {
  try {
    const link = lstatSync(path)
    if (uid !== undefined && link.uid !== uid) throw refuse(path, 'belongs to somebody else')
    return realpathSync(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined
    throw error
  }
}

/** Reads a file. Throws `connect.file` for one that is not the person's own, or that others may write. */
export function readConfig(given: string): ConfigFile {
  const uid = process.getuid?.()
  const path = realPath(given, uid)
  if (path === undefined) {
    if (existsSync(dirname(given))) checkOwn(given, uid)
    return { path: given, bytes: undefined, text: '', bom: false, mode: 0o600 }
  }
  checkOwn(path, uid)
  let descriptor: number
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (cause) {
    throw refuse(path, 'cannot be read', cause)
  }
  try {
    const stat = fstatSync(descriptor)
    if (!stat.isFile()) throw refuse(path, 'is no file')
    if (uid !== undefined && stat.uid !== uid) throw refuse(path, 'belongs to somebody else')
    if ((stat.mode & 0o002) !== 0) throw refuse(path, 'is a file that everybody may write')
    if (stat.size > MOST_BYTES) throw refuse(path, 'is larger than 8 MiB')
    const bytes = new Uint8Array(readFileSync(descriptor))
    return { path, bytes, ...textOf(path, bytes), mode: stat.mode & 0o777 }
  } finally {
    closeSync(descriptor)
  }
}

function textOf(path: string, bytes: Uint8Array): Pick<ConfigFile, 'text' | 'bom'> {
  let whole: string
  try {
    whole = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw fault('connect.syntax', `${path} is not UTF-8`, cause)
  }
  const bom = whole.startsWith(BOM)
  return { text: bom ? whole.slice(1) : whole, bom }
}

/** The bytes of a file with another text. */
export function bytesOf({ bom }: Pick<ConfigFile, 'bom'>, text: string): Uint8Array {
  return new Uint8Array(Buffer.from(bom ? BOM + text : text, 'utf8'))
}

/** True where nobody has changed the file since it was read. */
function unchanged(file: ConfigFile): boolean {
  const now = readConfig(file.path).bytes
  if (now === undefined || file.bytes === undefined) return now === file.bytes
  return Buffer.compare(now, file.bytes) === 0
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) !== 'ESRCH'
  }
}

/** Takes the lock beside a file; the answer gives it back. One whose owner is gone is taken over. */
function lock(path: string): () => void {
  const at = `${path}.bailiwick-lock`
  for (let again = false; ; again = true) {
    try {
      writeFileSync(at, `${process.pid}\n`, { flag: 'wx', mode: 0o600 })
      return () => rmSync(at, { force: true })
    } catch (cause) {
      if (codeOf(cause) !== 'EEXIST') throw refuse(at, 'cannot be written', cause)
      const owner = Number(readFileSync(at, 'utf8').trim())
      if (again || !Number.isSafeInteger(owner) || owner <= 0 || alive(owner)) {
        throw fault('connect.busy', `${at} says that another command is changing this file`)
      }
      rmSync(at, { force: true })
    }
  }
}

function syncFolder(path: string): void {
  const folder = openSync(dirname(path), constants.O_RDONLY)
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

function writeWhole(file: ConfigFile, bytes: Uint8Array, entropy: Entropy): void {
  const { path, mode } = file
  const temporary = join(dirname(path), `.${basename(path)}.${hex(entropy.bytes(8))}`)
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  const descriptor = openSync(temporary, flags, 0o600)
  try {
    try {
      writeFileSync(descriptor, bytes)
      fchmodSync(descriptor, mode)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  syncFolder(path)
}

/**
 * Replaces a file, or takes it away with `bytes` undefined, if it is still what was read: `before` runs under the lock, after that was
 * seen. Throws `connect.changed`, `connect.busy`. A crash leaves the old file or the new one.
 */
export async function replaceConfig(
  file: ConfigFile,
  bytes: Uint8Array | undefined,
  of: { readonly entropy: Entropy; readonly before?: () => Promise<unknown> },
): Promise<void> {
  if (file.bytes === undefined) mkdirSync(dirname(file.path), { recursive: true, mode: 0o700 })
  const unlock = lock(file.path)
  try {
    const same = (): void => {
      if (!unchanged(file)) throw fault('connect.changed', `${file.path} was changed meanwhile`)
    }
    same()
    await of.before?.()
    same()
    if (bytes === undefined) rmSync(file.path, { force: true })
    else writeWhole(file, bytes, of.entropy)
  } finally {
    unlock()
  }
}
