// Holds the verification of a whole log from its tiles, its checkpoint and its verifier key, and nothing else.

import { setImmediate as turn } from 'node:timers/promises'

import { parseCheckpoint, type Checkpoint } from '../tlog/checkpoint.ts'
import { leafHash, sameHash } from '../tlog/hash.ts'
import { noteVerifier, openNote, parseVkey } from '../tlog/note.ts'
import { TILE_WIDTH, tilePath, tileWidth } from '../tlog/tile.ts'
import { toBase64 } from '../tlog/base64.ts'
import { readRecord } from './envelope.ts'
import { LogFiles } from './log-files.ts'
import { OrderCheck } from './verify-order.ts'
import { Findings, whyUnread, type VerifyReport } from './verify-report.ts'
import { TreeRebuild } from './verify-tree.ts'

/** What is verified, and against whom. */
export interface VerifyOptions {
  /** Folder with `checkpoint` and `tile/…`. */
  readonly directory: string
  /** Verifier key of the log, as text; got from somewhere else than the folder. */
  readonly vkey: string
}

/**
 * Verifies a log: opens the checkpoint, hashes every entry, rebuilds and compares every tile and the root, reads every record
 * strictly and follows every gateway's numbers. Holds one bundle at a time, and lets others run in between. Deviations are
 * the report's findings; throws `tlog.vkey` for a key that is none.
 */
export async function verifyLog(options: VerifyOptions): Promise<VerifyReport> {
  const files = new LogFiles(options.directory)
  const findings = new Findings()
  const order = new OrderCheck(findings)
  const checkpoint = openCheckpoint(files, options.vkey, findings)
  let records = 0
  if (checkpoint !== undefined) {
    const { size } = checkpoint
    const tree = new TreeRebuild(files, findings, size)
    for (let index = 0; index * TILE_WIDTH < size; index++) {
      const width = tileWidth('entries', index, size)
      const entries = readBundle(files, index, width, findings)
      tree.add(index, width, entries?.map(leafHash))
      records += checkRecords(entries ?? [], index * TILE_WIDTH, order, findings)
      await turn()
    }
    checkRoot(checkpoint, tree.finish(), findings)
  }
  const { list, more } = findings
  return {
    ok: list.length === 0,
    witness: 'unwitnessed',
    ...(checkpoint === undefined
      ? {}
      : { origin: checkpoint.origin, size: checkpoint.size, root: toBase64(checkpoint.root) }),
    records,
    boots: order.boots(),
    findings: list,
    more,
  }
}

function openCheckpoint(files: LogFiles, vkey: string, findings: Findings): Checkpoint | undefined {
  const key = parseVkey(vkey.trim())
  const verifier = noteVerifier(key)
  try {
    const note = files.checkpoint()
    if (note === undefined) {
      findings.add('audit.verify_note', 'checkpoint', 'it is missing')
      return undefined
    }
    const checkpoint = parseCheckpoint(openNote(note, [verifier]).body)
    if (checkpoint.origin === key.name) return checkpoint
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
