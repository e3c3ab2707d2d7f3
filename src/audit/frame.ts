// Holds the bytes of the spool: batches of frames, each frame one record behind its length and checksum.

import { crc32 } from 'node:zlib'

/** Bytes before a frame's payload: `u32 length | u32 crc32(payload)`, big-endian. */
export const FRAME_HEAD = 8

/**
 * Bytes before a batch's frames: `u32 magic | u32 segment | u32 batch | u32 frames | u32 bytes | u32 crc32(of these)`.
 *
 * A batch is what one fdatasync makes durable. Pages of an unfinished write can reach the disk in any order, so a torn
 * batch may hold good frames behind bad ones; but the next batch is begun only after this one was durable. Hence a bad
 * batch with a good one behind it was damaged, and a bad batch with nothing behind it was torn and never acknowledged.
 */
export const BATCH_HEAD = 24

/** Largest payload: what an entry bundle can hold (C2SP tlog-tiles). */
export const PAYLOAD_MAX = 65_535

/** Begins a batch. Canonical JSON escapes control characters, so no payload can imitate it. */
const MAGIC = 0xb1_00_01_57

/** Where a batch stands: its segment, its place in it from 1, and what it holds. */
export interface BatchHead {
  readonly segment: number
  readonly batch: number
  readonly frames: number
  /** Bytes of all frames, heads included. */
  readonly bytes: number
}

/** The head of a batch, as bytes. */
export function encodeBatchHead(head: BatchHead): Uint8Array {
  const bytes = Buffer.alloc(BATCH_HEAD)
  bytes.writeUInt32BE(MAGIC, 0)
  bytes.writeUInt32BE(head.segment, 4)
  bytes.writeUInt32BE(head.batch, 8)
  bytes.writeUInt32BE(head.frames, 12)
  bytes.writeUInt32BE(head.bytes, 16)
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 20)), 20)
  return bytes
}

/** The head at `at`, or undefined where there is none whose checksum holds. */
export function decodeBatchHead(bytes: Buffer, at: number): BatchHead | undefined {
  if (at + BATCH_HEAD > bytes.length || bytes.readUInt32BE(at) !== MAGIC) return undefined
  if (crc32(bytes.subarray(at, at + 20)) !== bytes.readUInt32BE(at + 20)) return undefined
  return {
    segment: bytes.readUInt32BE(at + 4),
    batch: bytes.readUInt32BE(at + 8),
    frames: bytes.readUInt32BE(at + 12),
    bytes: bytes.readUInt32BE(at + 16),
  }
}

/** The next place from `from` where a batch's magic stands, or -1. */
export function findMagic(bytes: Buffer, from: number): number {
  return bytes.indexOf(MAGIC_BYTES, from)
}

const MAGIC_BYTES = Uint8Array.of(0xb1, 0x00, 0x01, 0x57)

/** Fills in the checksum of every frame in `bytes` (frames laid end to end) and gives their number. */
export function checksumFrames(bytes: Buffer): number {
  let count = 0
  for (let at = 0; at < bytes.length; count++) {
    const start = at + FRAME_HEAD
    const end = start + bytes.readUInt32BE(at)
    bytes.writeUInt32BE(crc32(bytes.subarray(start, end)), at + 4)
    at = end
  }
  return count
}

/** Payloads of frames laid end to end, as views into `bytes`; undefined unless every one is whole and its checksum holds. */
export function decodeFrames(bytes: Buffer): Buffer[] | undefined {
  const payloads: Buffer[] = []
  let at = 0
  while (at < bytes.length) {
    if (at + FRAME_HEAD > bytes.length) return undefined
    const length = bytes.readUInt32BE(at)
    const start = at + FRAME_HEAD
    const end = start + length
    if (length === 0 || length > PAYLOAD_MAX || end > bytes.length) return undefined
    const payload = bytes.subarray(start, end)
    if (crc32(payload) !== bytes.readUInt32BE(at + 4)) return undefined
    payloads.push(payload)
    at = end
  }
  return payloads
}
