// Holds how records are read back out of the log, by index, and proven.

import { basename } from 'node:path'

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
import type { LogFolder } from './log-folder.ts'
import { shardAt, type ShardHead } from './shard.ts'

/** A record at its place in the log. */
export interface LoggedRecord {
  /** From the beginning of the log, over all its shards. */
  readonly index: number
  /** Leaf hash, base64url. */
  readonly leaf: string
  readonly record: AuditRecord
}

/** Reads the records at these indices, in the order given, each bundle once. Throws `audit.corrupt`, `audit.dropped`. */
export function readRecords(
  folder: LogFolder,
  shards: readonly ShardHead[],
  indices: readonly number[],
): LoggedRecord[] {
  return readEntries(folder, shards, indices).map(({ index, entry }) => ({
    index,
    leaf: base64url(leafHash(entry)),
    record: readRecord(entry),
  }))
}

/** An entry at its place in the log. */
export interface LoggedEntry {
  readonly index: number
  readonly entry: Uint8Array
}

/** The same without a look at what the entries say. Throws `audit.corrupt`, and `audit.dropped` for what retention has removed. */
export function readEntries(
  folder: LogFolder,
  shards: readonly ShardHead[],
  indices: readonly number[],
): LoggedEntry[] {
  const bundles = new Map<number, Uint8Array[]>()
  return indices.map((index) => {
    const shard = shardAt(shards, index)
    if (shard === undefined) throw fault('audit.not_found', `no shard holds record ${index}`)
    const leaf = index - shard.base
    const first = index - (leaf % TILE_WIDTH)
    const bundle = Math.floor(leaf / TILE_WIDTH)
    const entries = bundles.get(first) ?? readBundle(folder.shard(shard.name), shard.size, bundle)
    bundles.set(first, entries)
    const entry = entries[leaf % TILE_WIDTH]
    if (entry === undefined) throw fault('audit.corrupt', `tile/entries holds no entry ${leaf}`)
    return { index, entry }
  })
}

/** Up to `limit` indices from `index` on, as far as the log goes, without those that retention has removed. */
export function keptIndices(
  folder: LogFolder,
  shards: readonly ShardHead[],
  index: number,
  limit: number,
): number[] {
  const kept: number[] = []
  for (const { name, base, size } of shards) {
    const first = Math.max(index, base)
    const end = Math.min(base + size, first + limit - kept.length)
    if (first >= end || folder.shard(name).dropped) continue
    for (let at = first; at < end; at++) kept.push(at)
  }
  return kept
}

/**
 * The `.tlog-proof` of one record under a published checkpoint of its shard, a witnessed one where it can; it counts leaves within that shard.
 * Throws `audit.not_found`, `audit.dropped`.
 */
export function proveRecord(
  folder: LogFolder,
  shards: readonly ShardHead[],
  index: number,
): string {
  const shard = shardAt(shards, index)
  const files = shard && folder.shard(shard.name)
  if (shard === undefined || files === undefined) throw beyond(index)
  if (files.dropped) throw droppedShard(files)
  const leaf = index - shard.base
  // One that witnesses have cosigned proves more, where it covers the record already.
  const notes = [files.witnessed(), files.checkpoint()].filter((one) => one !== undefined)
  const note = notes.find((one) => leaf < sizeOf(one))
  if (note === undefined) throw beyond(index)
  const size = sizeOf(note)
  const hashes = inclusionProof(leaf, size, files.readHashes)
  return formatProof({ index: leaf, hashes, checkpoint: note })
}

function sizeOf(note: string): number {
  return parseCheckpoint(note.slice(0, note.indexOf('\n\n') + 1)).size
}

function beyond(index: number): Error {
  return fault('audit.not_found', `no record ${index} is under a published checkpoint`)
}

function readBundle(files: LogFiles, size: number, bundle: number): Uint8Array[] {
  try {
    return files.readEntries(bundle, tileWidth('entries', bundle, size))
  } catch (cause) {
    if (files.dropped) throw droppedShard(files)
    throw fault('audit.corrupt', `bundle ${bundle} of tile/entries cannot be read`, cause)
  }
}

function droppedShard({ directory }: LogFiles): Error {
  return fault('audit.dropped', `the entries of the shard ${basename(directory)} are gone`)
}
