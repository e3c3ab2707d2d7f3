// Holds the verification of a whole log from its tiles, its checkpoint and its verifier key, and nothing else.

import { setImmediate as turn } from 'node:timers/promises'

import { parseCheckpoint, type Checkpoint } from '../tlog/checkpoint.ts'
import { leafHash, sameHash } from '../tlog/hash.ts'
import { openNote, parseVkey } from '../tlog/note.ts'
import { TILE_WIDTH, tilePath, tileWidth } from '../tlog/tile.ts'
import { toBase64 } from '../tlog/base64.ts'
import { readRecord } from './envelope.ts'
import type { LogFiles } from './log-files.ts'
import { LogFolder } from './log-folder.ts'
import { shardVerifier } from './log-key.ts'
import { OrderCheck } from './verify-order.ts'
import { Findings, whyUnread, type VerifiedShard, type VerifyReport } from './verify-report.ts'
import { TreeRebuild } from './verify-tree.ts'

/** What is verified, and against whom. */
export interface VerifyOptions {
  /** Folder of a log, with a folder for each of its shards; or that of one shard, with `checkpoint` and `tile/…`. */
  readonly directory: string
  /** Verifier key of the log, or lines of them; got from somewhere else than the folder. */
  readonly vkey: string
}

/**
 * Verifies a log: opens the checkpoint, hashes every entry, rebuilds and compares every tile and the root, reads every record
 * strictly and follows every gateway's numbers. Holds one bundle at a time, and lets others run in between. Deviations are
 * the report's findings; throws `tlog.vkey` for a key that is none.
 */
export async function verifyLog(options: VerifyOptions): Promise<VerifyReport> {
  options.vkey.trim().split('\n').forEach(parseVkey)
  const folder = new LogFolder(options.directory)
  const findings = new Findings()
  const order = new OrderCheck(findings)
  const shards: VerifiedShard[] = []
  let records = 0
  for (const name of shardNames(folder)) {
    findings.enter(name)
    const files = folder.shard(name)
    const checkpoint = openCheckpoint(files, name, options.vkey, findings)
    if (checkpoint === undefined) continue
    const { origin, size, root } = checkpoint
    records += await verifyShard({ files, checkpoint, first: records, order, findings })
    shards.push({ name, origin, size, root: toBase64(root) })
  }
  const { list, more } = findings
  const { name: _name, ...newest } = shards.at(-1) ?? { name: '' }
  return {
    ok: list.length === 0,
    witness: 'unwitnessed',
    ...newest,
    shards,
    records,
    boots: order.boots(),
    findings: list,
    more,
  }
}

/** At least one: a folder with nothing in it is missing its checkpoint. */
function shardNames(folder: LogFolder): string[] {
  try {
    const names = folder.names()
    return names.length === 0 ? [''] : names
  } catch {
    return ['']
  }
}

interface Shard {
  readonly files: LogFiles
  readonly checkpoint: Checkpoint
  /** Records of the shards before. */
  readonly first: number
  readonly order: OrderCheck
  readonly findings: Findings
}

/** Verifies one shard against its opened checkpoint, and says how many records were read. */
async function verifyShard({ files, checkpoint, first, order, findings }: Shard): Promise<number> {
  const { size } = checkpoint
  const tree = new TreeRebuild(files, findings, size)
  let records = 0
  for (let index = 0; index * TILE_WIDTH < size; index++) {
    const width = tileWidth('entries', index, size)
    const entries = readBundle(files, index, width, findings)
    tree.add(index, width, entries?.map(leafHash))
    records += checkRecords(entries ?? [], first + index * TILE_WIDTH, order, findings)
    await turn()
  }
  checkRoot(checkpoint, tree.finish(), findings)
  return records
}

/** The signed checkpoint of a shard, where it is signed by a key of this log and speaks of this shard. */
function openCheckpoint(
  files: LogFiles,
  name: string,
  vkeys: string,
  findings: Findings,
): Checkpoint | undefined {
  try {
    const note = files.checkpoint()
    if (note === undefined) {
      findings.add('audit.verify_note', 'checkpoint', 'it is missing')
      return undefined
    }
    const [origin = ''] = note.split('\n', 1)
    const verifier = shardVerifier(vkeys, origin)
    if (verifier === undefined) {
      findings.add('audit.verify_note', 'checkpoint', `it is of the log ${origin}`)
      return undefined
    }
    const checkpoint = parseCheckpoint(openNote(note, [verifier]).body)
    if (name === '' || checkpoint.origin.endsWith(`/${name}`)) return checkpoint
    findings.add('audit.verify_note', 'checkpoint', `it is of the log ${checkpoint.origin}`)
  } catch (error) {
    findings.add('audit.verify_note', 'checkpoint', whyUnread(error))
  }
  return undefined
}

function readBundle(
  files: LogFiles,
  index: number,
  width: number,
  findings: Findings,
): Uint8Array[] | undefined {
  try {
    return files.readEntries(index, width)
  } catch (error) {
    const place = tilePath({ level: 'entries', index, width })
    findings.add('audit.verify_entries', place, whyUnread(error))
    return undefined
  }
}

function checkRecords(
  entries: readonly Uint8Array[],
  first: number,
  order: OrderCheck,
  findings: Findings,
): number {
  let read = 0
  entries.forEach((entry, i) => {
    try {
      order.add(first + i, readRecord(entry))
      read += 1
    } catch (error) {
      findings.add('audit.verify_record', `record ${first + i}`, whyUnread(error))
    }
  })
  return read
}

function checkRoot(checkpoint: Checkpoint, root: Uint8Array | undefined, findings: Findings): void {
  if (root === undefined) {
    findings.add(
      'audit.verify_root',
      'checkpoint',
      'entries and tiles are missing, so no root exists',
    )
  } else if (!sameHash(root, checkpoint.root)) {
    findings.add(
      'audit.verify_root',
      'checkpoint',
      'the tiles do not lead to the root that was signed',
    )
  }
}
