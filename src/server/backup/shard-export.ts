// Holds the export of one shard: a folder of its own that any tool for C2SP tlog-tiles can verify, and no part of a home.

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

import { syncDirectory } from '../../audit/durable-file.ts'
import { LogFolder } from '../../audit/log-folder.ts'
import { verifyLog } from '../../audit/verify.ts'
import { backupFault } from './faults.ts'
import { copyTree } from './tree-copy.ts'

/** A log that grows may fold a tile into a larger one while it is copied: then its copy is made again. */
const ATTEMPTS = 5

/** What was exported. */
export interface ShardExported {
  readonly folder: string
  readonly shard: string
  readonly size: number
  /** base64. */
  readonly root: string
}

/**
 * Copies a shard, as far as its published checkpoint goes, with the verifier keys of the log, and verifies the copy. The folder gets its name
 * last. Throws `backup.target`, `backup.shard`, `backup.log`.
 */
export async function exportShard(of: {
  readonly home: string
  readonly shard: string
  readonly to: string
}): Promise<ShardExported> {
  const { home, shard } = of
  const to = resolve(of.to)
  const log = join(home, 'log')
  const shards = new LogFolder(log)
  const names = shards.names()
  if (!names.includes(shard)) {
    throw backupFault('backup.shard', `the shards of this log are ${names.join(', ')}`)
  }
  if (shards.shard(shard).dropped) {
    throw backupFault('backup.shard', 'this shard was dropped by retention: its checkpoint is left')
  }
  if (existsSync(to) || !existsSync(dirname(to))) {
    throw backupFault('backup.target', 'the folder is there already, or the one above it is not')
  }
  // A folder within the log could pass for one of its shards. Links are followed, so that none leads back into it.
  const place = join(realpathSync(dirname(to)), basename(to))
  if (`${place}/`.startsWith(`${realpathSync(home)}/`)) {
    throw backupFault('backup.target', 'the folder is within the home')
  }
  const draft = join(dirname(to), `.${basename(to)}.unfinished`)
  try {
    const done = await verifiedCopy(join(log, shard), join(home, 'log.vkey'), draft)
    writeFileSync(join(draft, 'README.txt'), readme(done.origin), { flush: true })
    renameSync(draft, to)
    syncDirectory(dirname(to))
    return { folder: to, shard, size: done.size, root: done.root }
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    throw error
  }
}

async function verifiedCopy(
  from: string,
  vkeys: string,
  draft: string,
): Promise<{ readonly origin: string; readonly size: number; readonly root: string }> {
  for (let attempt = 1; ; attempt++) {
    rmSync(draft, { recursive: true, force: true })
    mkdirSync(draft, { mode: 0o700 })
    // Its own alone: below the shard of before there were any lie the others.
    for (const name of readdirSync(from).filter((one) => one.startsWith('checkpoint'))) {
      copyTree(from, draft, name)
    }
    copyTree(from, draft, 'tile')
    copyFileSync(vkeys, join(draft, 'log.vkey'))
    const report = await verifyLog({ directory: draft, vkey: readFileSync(vkeys, 'utf8') })
    const { origin, size, root } = report
    if (report.ok && origin !== undefined && size !== undefined && root !== undefined) {
      return { origin, size, root }
    }
    if (attempt < ATTEMPTS) continue
    const [first] = report.findings
    const where = first === undefined ? '' : `: ${first.place}: ${first.detail}`
    throw backupFault('backup.log', `the copy of the shard does not verify${where}`)
  }
}

function readme(origin: string): string {
  return `The log ${origin}, laid out as https://c2sp.org/tlog-tiles says: checkpoint, tile/ with hashes, tile/entries/ with
records (canonical JSON). log.vkey has the verifier keys (https://c2sp.org/signed-note); compare it with one that you got elsewhere.

Verify it with  bailiwick audit verify --from THIS-FOLDER --vkey log.vkey  or with any tool for these formats.
`
}
