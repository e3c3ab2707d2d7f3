// Holds the verification of a part of a log: the bundles around it, each proven under its shard's signed root.

import { Buffer } from 'node:buffer'

import { HASH_BYTES } from '../tlog/hash.ts'
import type { Checkpoint } from '../tlog/checkpoint.ts'
import { TILE_WIDTH, tilePath, tileWidth } from '../tlog/tile.ts'
import { inclusionProof, verifyInclusion, type TileReader } from '../tlog/tree.ts'
import { checkBundle } from './verify-bundle.ts'
import type { OrderCheck } from './verify-order.ts'
import { whyUnread, type Findings } from './verify-report.ts'
import type { LogSource } from './verify-source.ts'

/** A part of one shard, in leaves of it: from `from` to before `to`. */
export interface ShardPart {
  readonly source: LogSource
  readonly shard: string
  readonly checkpoint: Checkpoint
  /** Index of the shard's first record. */
  readonly base: number
  readonly from: number
  readonly to: number
  readonly findings: Findings
  readonly order: OrderCheck
}

/** Verifies the records of a part, and gives how many were read. Bundles at its ends are verified whole. */
export async function verifyPart(part: ShardPart): Promise<number> {
  const { findings, order, base, from, to } = part
  let records = 0
  for (let index = Math.floor(from / TILE_WIDTH); index * TILE_WIDTH < to; index++) {
    const marks = await verifyBundle(part, index)
    const first = base + index * TILE_WIDTH
    marks?.forEach((mark, i) => {
      if (first + i < base + from || first + i >= base + to) return
      if (typeof mark === 'string') {
        findings.add('audit.verify_record', `record ${first + i}`, mark)
        return
      }
      order.add(first + i, mark)
      records += 1
    })
  }
  return records
}

/**
 * Proves one bundle: the path from its first entry upward has every other entry of the bundle beside it, hashed here, so
 * that it leads to the signed root only where all of them are what was signed.
 */
async function verifyBundle(
  part: ShardPart,
  index: number,
): Promise<ReturnType<typeof checkBundle>['marks'] | undefined> {
  const { source, shard, checkpoint, findings, base } = part
  const { size, root } = checkpoint
  const width = tileWidth('entries', index, size)
  let bundle
  try {
    bundle = checkBundle(await source.entries(shard, index, width))
  } catch (error) {
    const place = tilePath({ level: 'entries', index, width })
    findings.add('audit.verify_entries', place, whyUnread(error))
    return undefined
  }
  const { leaves } = bundle
  const place = tilePath({ level: 0, index, width })
  try {
    const tile = await source.hashes(shard, 0, index, width)
    for (let i = 0; i < width; i++) {
      const [low, high] = [i * HASH_BYTES, (i + 1) * HASH_BYTES]
      if (Buffer.compare(tile.subarray(low, high), leaves.subarray(low, high)) === 0) continue
      const detail = `the entry and its hash in ${place} do not belong together`
      findings.add('audit.verify_leaf', `record ${base + index * TILE_WIDTH + i}`, detail)
    }
  } catch (error) {
    findings.add('audit.verify_tile', place, whyUnread(error))
  }
  try {
    const own =
      (read: TileReader): TileReader =>
      (level, at, wide) =>
        level === 0 && at === index ? leaves : read(level, at, wide)
    const proof = await withTiles(source, shard, (read) =>
      inclusionProof(index * TILE_WIDTH, size, own(read)),
    )
    const first = leaves.subarray(0, HASH_BYTES)
    if (!verifyInclusion(first, index * TILE_WIDTH, size, proof, root)) {
      const detail = `the entries of ${tilePath({ level: 'entries', index, width })} do not lead to the signed root`
      findings.add('audit.verify_root', 'checkpoint', detail)
    }
  } catch (error) {
    findings.add('audit.verify_tile', place, `the way to the root: ${whyUnread(error)}`)
  }
  return bundle.marks
}

/** Runs what reads tiles at once over a source that has to be waited for: it is run again with every tile that it missed. */
async function withTiles<R>(
  source: LogSource,
  shard: string,
  work: (read: TileReader) => R,
): Promise<R> {
  const tiles = new Map<string, Uint8Array>()
  // A path needs a tile or two of each level, and there are at most seven of these.
  for (let round = 0; round < 64; round++) {
    let missing: readonly [level: number, index: number, width: number] | undefined
    try {
      return work((level, index, width) => {
        const tile = tiles.get(tilePath({ level, index, width }))
        if (tile !== undefined) return tile
        missing = [level, index, width]
        throw new Error('missing')
      })
    } catch (error) {
      if (missing === undefined) throw error
      const [level, index, width] = missing
      tiles.set(tilePath({ level, index, width }), await source.hashes(shard, level, index, width))
    }
  }
  throw new RangeError('a path through a tree has no end')
}
