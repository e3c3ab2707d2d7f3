// Holds the bytes of an entry bundle: up to 256 entries, each behind its length (C2SP tlog-tiles).

import { fault } from './faults.ts'
import { TILE_WIDTH } from './tile.ts'

/** Largest entry that a bundle can hold, in bytes. */
export const ENTRY_BYTES_MAX = 65_535

const LENGTH_BYTES = 2

/** Bytes of a bundle: for each entry its length as u16 big-endian, then the entry. Throws `tlog.entry_size`, `tlog.bundle`. */
export function encodeEntries(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length > TILE_WIDTH) throw fault('tlog.bundle', 'a bundle holds at most 256 entries')
  let total = 0
  for (const entry of entries) {
    if (entry.length > ENTRY_BYTES_MAX) {
      throw fault('tlog.entry_size', `an entry has at most ${ENTRY_BYTES_MAX} bytes`)
    }
    total += LENGTH_BYTES + entry.length
  }
  const bytes = new Uint8Array(total)
  let at = 0
  for (const entry of entries) {
    bytes[at] = entry.length >> 8
    bytes[at + 1] = entry.length & 0xff
    bytes.set(entry, at + LENGTH_BYTES)
    at += LENGTH_BYTES + entry.length
  }
  return bytes
}

/**
 * Entries of a bundle, as views into `bytes`. Throws `tlog.bundle` where the bytes end inside an entry or hold more
 * than 256; how many a bundle must hold is its name's business (`TileRef.width`), so the caller compares the count.
 */
export function decodeEntries(bytes: Uint8Array): Uint8Array[] {
  const entries: Uint8Array[] = []
  let at = 0
  while (at < bytes.length) {
    const high = bytes[at]
    const low = bytes[at + 1]
    if (high === undefined || low === undefined) throw fault('tlog.bundle', 'a length is cut short')
    const start = at + LENGTH_BYTES
    at = start + (high << 8) + low
    if (at > bytes.length) throw fault('tlog.bundle', 'an entry is cut short')
    if (entries.length === TILE_WIDTH) {
      throw fault('tlog.bundle', 'a bundle holds at most 256 entries')
    }
    entries.push(bytes.subarray(start, at))
  }
  return entries
}
