// Holds the making of a backup: rows first and the log after them, so that the log of a backup is never older than its rows (INV-13).

import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'

import { replaceDurable, syncDirectory } from '../../audit/durable-file.ts'
import { openLogKey } from '../../audit/log-key.ts'
import { verifyLog } from '../../audit/verify.ts'
import { openKeyRing } from '../../keys/file.ts'
import { utf8 } from '../../std/bytes.ts'
import { rfc3339 } from '../../std/clock.ts'
import { isOrderedInDatabase } from '../database.ts'
import type { Machine } from '../ground.ts'
import { homeFacts } from '../home.ts'
import { VERSION } from '../version.ts'
import { backupFault } from './faults.ts'
import { digestOf, signManifest, type Manifest } from './manifest.ts'
import { copyCheckpoints, copyTree } from './tree-copy.ts'

/** What is made anew, or belongs to the process that runs, or to the machine. */
const LEFT_OUT =
  /^(?:home\.(?:lock|pid).*|spool|run|search\.sqlite.*|bailiwick\.log.*|scratch|upstreams|break-glass\.json|restored\.json|.*(?:-wal|-shm|-journal|\.new|\.tmp))$/
/** Databases, in the order in which they are copied: rows before the log. */
const ROWS = 'bailiwick.db'
const LOG_STATE = 'log-state.sqlite'
/** A log that grows may fold a tile into a larger one while it is copied: then its copy is made again. */
const ATTEMPTS = 5

/** What was made. */
export interface BackupMade {
  readonly folder: string
  readonly manifest: string
  readonly files: number
  readonly bytes: number
  /** Records in its log. */
  readonly records: number
}

/**
 * Backs a home up into a folder that is not there yet; a server may be running on it. The folder gets its name last: whatever is
 * interrupted is none. Throws `backup.target`, `backup.log` and what reading a home throws.
 */
export async function backupHome(of: {
  readonly home: string
  readonly to: string
  readonly machine: Pick<Machine, 'clock' | 'entropy'>
}): Promise<BackupMade> {
  const { home, machine } = of
  const to = resolve(of.to)
  checkTarget(home, to)
  const draft = join(dirname(to), `.${basename(to)}.unfinished`)
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(join(draft, 'home'), { recursive: true, mode: 0o700 })
  try {
    const copy = join(draft, 'home')
    const inDatabase = isOrderedInDatabase(home)
    await copyDatabase(home, copy, ROWS)
    for (const name of readdirSync(home).toSorted()) {
      if (LEFT_OUT.test(name) || name === 'log' || name === ROWS || name === LOG_STATE) continue
      copyTree(home, copy, name)
    }
    const records = inDatabase ? 0 : await copyLog(home, copy)
    const { clock, entropy } = machine
    const keys = openKeyRing(join(home, 'keys'), { entropy })
    const origin = `${homeFacts(home, clock, entropy).trust_domain}/log`
    const files = await listed(copy)
    const manifest: Manifest = {
      v: 1,
      version: VERSION,
      made_at: rfc3339(clock.now()),
      origin,
      database: inDatabase,
      files,
    }
    const signed = signManifest(manifest, openLogKey(home, origin, keys.log).own())
    for (const [name, text] of Object.entries(signed.files)) {
      replaceDurable(join(draft, name), utf8(text))
    }
    renameSync(draft, to)
    syncDirectory(dirname(to))
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
    return { folder: to, manifest: signed.digest, files: files.length, bytes, records }
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    throw error
  }
}

function checkTarget(home: string, to: string): void {
  if (existsSync(to)) throw backupFault('backup.target', 'the folder is there already')
  const inside = (a: string, b: string): boolean => {
    const way = relative(a, b)
    return way === '' || (way !== '..' && !way.startsWith(`..${sep}`))
  }
  if (inside(resolve(home), to) || inside(to, resolve(home))) {
    throw backupFault('backup.target', 'a backup is not in the home, nor the home in it')
  }
  const parent = statSync(dirname(to), { throwIfNoEntry: false })
  if (parent?.isDirectory() !== true) {
    throw backupFault('backup.target', 'the folder above it is not there')
  }
}

/** A whole copy of a database that may be written meanwhile: of one moment, and without the files beside it. */
async function copyDatabase(home: string, copy: string, name: string): Promise<void> {
  const path = join(home, name)
  if (!existsSync(path)) return
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    const target = join(copy, name)
    // SQLite would make it readable for others.
    closeSync(openSync(target, 'wx', 0o600))
    await backup(database, target)
  } finally {
    database.close()
  }
}

/** Checkpoints first, then how far the log is, then its tiles: what is published in the copy is never more than what it holds. */
async function copyLog(home: string, copy: string): Promise<number> {
  const vkey = join(copy, 'log.vkey')
  for (let attempt = 1; ; attempt++) {
    rmSync(join(copy, 'log'), { recursive: true, force: true })
    rmSync(join(copy, LOG_STATE), { force: true })
    copyCheckpoints(join(home, 'log'), join(copy, 'log'))
    await copyDatabase(home, copy, LOG_STATE)
    copyTree(home, copy, 'log', (name) => !name.startsWith('checkpoint'))
    copyFileSync(join(home, 'log.vkey'), vkey)
    const report = await verifyLog({
      directory: join(copy, 'log'),
      vkey: readFileSync(vkey, 'utf8'),
    })
    if (report.ok) return report.records
    if (attempt < ATTEMPTS) continue
    const [first] = report.findings
    const where = first === undefined ? '' : `: ${first.place}: ${first.detail}`
    throw backupFault('backup.log', `the copy of the log does not verify${where}`)
  }
}

/** Every file of the copy with its digest, durable. */
async function listed(copy: string): Promise<Manifest['files']> {
  const files: Manifest['files'] = []
  const walk = async (below: string): Promise<void> => {
    for (const entry of readdirSync(join(copy, below), { withFileTypes: true })) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      if (entry.isDirectory()) await walk(path)
      else {
        const full = join(copy, path)
        syncFile(full)
        files.push({ path, bytes: statSync(full).size, sha256: await digestOf(full) })
      }
    }
    syncDirectory(join(copy, below))
  }
  await walk('')
  return files
}

function syncFile(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
