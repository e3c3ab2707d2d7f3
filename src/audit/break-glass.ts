// Holds the file by which the account of this home, or root, sends records to another disk for a time, and everything that it says.

import { chownSync, lstatSync, readFileSync, rmSync, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'

import { utf8 } from '../std/bytes.ts'
import { isUuid } from '../std/id.ts'
import { canonicalJson, isObject, parseJson, type Json } from '../std/json.ts'
import { replaceDurable, syncDirectory } from './durable-file.ts'
import { fault } from './faults.ts'

/** A break-glass, as it is asked for. */
export interface BreakGlass {
  /** UUID. */
  readonly id: string
  /** Absolute path of the folder that was named. */
  readonly to: string
  /** Folder in it that holds the segments. */
  readonly folder: string
  /** When it was asked for, and when it ends (ms since the epoch). */
  readonly at: number
  readonly until: number
  readonly reason: string
  /** Name of the account that asked for it, as it says itself. */
  readonly by: string
}

/** Longest that one lasts. */
const BREAK_GLASS_MS = 86_400_000
/** Characters of a reason. */
const REASON_MAX = 500
const BYTES_MAX = 16_384

/** The file in the home. */
function fileOf(home: string): string {
  return join(home, 'break-glass.json')
}

/**
 * What is asked for on a home; undefined where nothing is. Throws `audit.break_glass` for a file that somebody else could have
 * written, or that says nothing that can be read.
 */
export function readBreakGlass(home: string): BreakGlass | undefined {
  const path = fileOf(home)
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return undefined
  if (!stat.isFile() || !isOurs(stat) || stat.size > BYTES_MAX) {
    throw unreadable('is no file that only this account or root can write')
  }
  let found: BreakGlass | undefined
  try {
    found = parseBreakGlass(parseJson(readFileSync(path)))
  } catch (cause) {
    throw unreadable('cannot be read', cause)
  }
  if (found === undefined) throw unreadable('does not say what it has to')
  return found
}

/**
 * Asks for one, or changes the one that is there: whoever runs on this home takes it up within a second, or at its start. Root asks for the
 * account whose home it is, and leaves it a file that it can read.
 */
export function writeBreakGlass(home: string, wanted: Omit<BreakGlass, 'folder'>): void {
  const json = { v: 1, ...wanted }
  if (parseBreakGlass(json) === undefined) {
    throw fault('audit.break_glass', 'what was asked for is out of bounds')
  }
  const path = fileOf(home)
  replaceDurable(path, utf8(canonicalJson(json)))
  giveTo(path, home)
}

/** Takes back what was asked for. */
export function removeBreakGlass(home: string): void {
  rmSync(fileOf(home), { force: true })
  syncDirectory(home)
}

/** Makes a file or folder that of the account whose home it is, where root made it. */
export function giveTo(path: string, home: string): void {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = statSync(home)
  chownSync(path, uid, gid)
}

/** Whether only this account or root can write a file; a folder may be open to all where nobody removes what is another's. */
export function isOurs({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean {
  const own = uid === 0 || uid === process.getuid?.()
  return own && ((mode & 0o022) === 0 || (mode & 0o1000) !== 0)
}

/** A break-glass as its file says it; undefined where it does not. */
export function parseBreakGlass(json: Json): BreakGlass | undefined {
  if (!isObject(json)) return undefined
  const { v, id, to, at, until, reason, by } = json
  if (v !== 1 || typeof id !== 'string' || !isUuid(id)) return undefined
  if (typeof to !== 'string' || !isAbsolute(to)) return undefined
  if (typeof at !== 'number' || typeof until !== 'number' || !(until - at <= BREAK_GLASS_MS)) {
    return undefined
  }
  if (typeof reason !== 'string' || reason === '' || reason.length > REASON_MAX) return undefined
  if (typeof by !== 'string') return undefined
  return { id, to, folder: join(to, `bailiwick-spool-${id}`), at, until, reason, by }
}

function unreadable(why: string, cause?: unknown): Error {
  return fault('audit.break_glass', `break-glass.json ${why}`, cause)
}
