// Holds the putting back of a backup into a home of its own, and what it has to prove before anything starts on it.

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

import { beginAgain } from '../../audit/begin-again.ts'
import { syncDirectory } from '../../audit/durable-file.ts'
import { openLogKey } from '../../audit/log-key.ts'
import { verifyLog } from '../../audit/verify.ts'
import { LogFolder } from '../../audit/log-folder.ts'
import { openKeyRing } from '../../keys/file.ts'
import { rfc3339 } from '../../std/clock.ts'
import { lockHome } from '../../store/home-lock.ts'
import type { Machine } from '../ground.ts'
import { backupFault } from './faults.ts'
import { checkFiles, openManifest } from './manifest.ts'
import { copyPrivately } from './private-copy.ts'
import { writeRestored, type Restored } from './restored.ts'

/** What is put back, and where. */
export interface RestoreOptions {
  readonly from: string
  readonly home: string
  readonly machine: Pick<Machine, 'clock' | 'entropy'>
  /** Name of the account, and why. */
  readonly by: string
  readonly reason: string
  /** Lines of a `log.vkey` that was kept elsewhere: whose backup this has to be. */
  readonly vkeys?: string
  /** A home whose log survived what its rows did not: its log is taken instead of the backup's, which it has to continue. */
  readonly survivor?: string
}

/** What was put back. */
export interface Restoration {
  readonly home: string
  readonly madeAt: string
  readonly records: number
  readonly log: Restored['log']
  readonly lost: boolean
}

/**
 * Restores a backup. The home gets its name last: whatever is interrupted left nothing. Throws `backup.unreadable`, `backup.changed`,
 * `backup.other`, `backup.home`, `backup.log` and what opening a log throws.
 */
export async function restoreHome(options: RestoreOptions): Promise<Restoration> {
  const from = resolve(options.from)
  const home = resolve(options.home)
  if (existsSync(home) && readdirSync(home).length > 0) {
    throw backupFault('backup.home', 'there is a home already')
  }
  const { manifest, digest } = openManifest(from, options.vkeys)
  await checkFiles(from, manifest)
  mkdirSync(dirname(home), { recursive: true })
  const draft = join(dirname(home), `.${basename(home)}.unfinished`)
  rmSync(draft, { recursive: true, force: true })
  try {
    copyPrivately(join(from, 'home'), draft)
    const { clock } = options.machine
    const now = clock.now()
    const lost = options.survivor === undefined
    let records = 0
    let log: Restored['log'] = null
    if (!manifest.database) {
      if (options.survivor !== undefined) await takeLog(resolve(options.survivor), draft)
      records = await verified(draft)
      if (lost) log = begin(draft, options, manifest.origin, now)
    }
    writeRestored(draft, {
      made_at: manifest.made_at,
      restored_at: rfc3339(now),
      manifest: digest,
      by: options.by,
      reason: options.reason,
      log,
      lost,
      recorded: false,
    })
    rmSync(home, { recursive: true, force: true })
    renameSync(draft, home)
    syncDirectory(dirname(home))
    return { home, madeAt: manifest.made_at, records, log, lost }
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    throw error
  }
}

function begin(
  home: string,
  { machine }: RestoreOptions,
  origin: string,
  now: number,
): Restored['log'] {
  const keys = openKeyRing(join(home, 'keys'), { entropy: machine.entropy })
  const { vkey } = openLogKey(home, origin, keys.log)
  return beginAgain({ home, origin, vkey }, now) ?? null
}

async function verified(home: string): Promise<number> {
  const vkey = readFileSync(join(home, 'log.vkey'), 'utf8')
  return (await verifiedLog(join(home, 'log'), vkey, [])).records
}

/** The log, the spool and the index of the other home in place of the backup's: the same log, further on. */
async function takeLog(survivor: string, draft: string): Promise<void> {
  if (!existsSync(join(survivor, 'log-state.sqlite'))) {
    throw backupFault('backup.log', 'the surviving home has no log-state.sqlite')
  }
  const lock = lockHome(survivor)
  try {
    const vkey = readFileSync(join(draft, 'log.vkey'), 'utf8')
    const folder = new LogFolder(join(draft, 'log'))
    // It has to continue the log of the backup, checkpoint by checkpoint.
    const pins = folder.names().flatMap((name) => folder.shard(name).checkpoint() ?? [])
    await verifiedLog(join(survivor, 'log'), vkey, pins)
    for (const name of readdirSync(draft).filter((one) => /^log(?:-state\.sqlite.*)?$/.test(one))) {
      rmSync(join(draft, name), { recursive: true })
    }
    for (const name of ['log', 'spool']) copyPrivately(join(survivor, name), join(draft, name))
    for (const name of readdirSync(survivor)) {
      if (!/^(?:log\.vkey|log-state\.sqlite(?:-wal)?)$/.test(name)) continue
      copyFileSync(join(survivor, name), join(draft, name))
    }
  } finally {
    lock.release()
  }
}

async function verifiedLog(
  directory: string,
  vkey: string,
  pins: readonly string[],
): Promise<{ readonly records: number }> {
  const report = await verifyLog({ directory, vkey, pins })
  if (report.ok) return report
  const [first] = report.findings
  const where = first === undefined ? '' : `: ${first.place}: ${first.detail}`
  throw backupFault('backup.log', `the log does not verify${where}`)
}
