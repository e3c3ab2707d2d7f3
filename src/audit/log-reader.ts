// Holds how records are read back out of the log, by index, and proven.

import { leafHash } from '../tlog/hash.ts'
import { parseCheckpoint } from '../tlog/checkpoint.ts'
import { formatProof } from '../tlog/proof.ts'
import { inclusionProof } from '../tlog/tree.ts'
import { TILE_WIDTH, tileWidth } from '../tlog/tile.ts'
import { base64url } from '../std/bytes.ts'
import type { AuditRecord } from '../wire/record.ts'
import { readRecord } from './envelope.ts'
import { fault } from './faults.ts'
import type { LogFiles } from './log-files.ts'

/** A record at its place in the log. */
export interface LoggedRecord {
  readonly index: number
  /** Leaf hash, base64url. */
  readonly leaf: string
  readonly record: AuditRecord
}

/** Reads the records at these indices, in the order given, each bundle once. Throws `audit.corrupt`. */
export function readRecords(
  files: LogFiles,
  size: number,
  indices: readonly number[],
): LoggedRecord[] {
  const bundles = new Map<number, Uint8Array[]>()
  return indices.map((index) => {
    const bundle = Math.floor(index / TILE_WIDTH)
    const entries = bundles.get(bundle) ?? readBundle(files, size, bundle)
    bundles.set(bundle, entries)
    const entry = entries[index % TILE_WIDTH]
    if (entry === undefined) throw fault('audit.corrupt', `tile/entries holds no entry ${index}`)
    return { index, leaf: base64url(leafHash(entry)), record: readRecord(entry) }
  })
}

/** The `.tlog-proof` of one record under the published checkpoint `note`. Throws `audit.not_found`. */
export function proveRecord(files: LogFiles, index: number, note: string): string {
  const gap = note.indexOf('\n\n')
  const { size } = parseCheckpoint(note.slice(0, gap + 1))
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw fault(
      'audit.not_found',
      `no record ${index} is under the published checkpoint of size ${size}`,
    )
  }
  const hashes = inclusionProof(index, size, files.readHashes)
  return formatProof({ index, hashes, checkpoint: note })
}

function readBundle(files: LogFiles, size: number, bundle: number): Uint8Array[] {
  try {
    return files.readEntries(bundle, tileWidth('entries', bundle, size))
  } catch (cause) {
    throw fault('audit.corrupt', `bundle ${bundle} of tile/entries cannot be read`, cause)
  }
}
