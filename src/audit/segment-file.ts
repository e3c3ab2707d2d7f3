// Holds the file under a spool segment: filled with zeros before it is used, written at places, watched for removal.

import {
  closeSync,
  constants,
  existsSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  statfsSync,
  writeSync,
  writevSync,
} from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { syncDirectory } from './durable-file.ts'
import { SEGMENT_LEAST, segmentName } from './segment.ts'

/** An open segment. Every method throws when the disk refuses; after that nothing of the file may be trusted or retried. */
export interface SegmentFile {
  /** Bytes that it has room for. */
  readonly bytes: number
  /** Writes all of `parts`, one behind the other, from `at`. */
  write(parts: readonly Uint8Array[], at: number): void
  /** Makes what was written durable (fdatasync). */
  sync(): void
  /** Throws unless the file is still the one that its name leads to. */
  check(): void
  close(): void
  /** Takes a segment back that was begun and holds nothing, durably. Throws `HalfBegun`. */
  discard(): void
}

/** The disk as the spool uses it: a port, so that a test can break it. */
export interface SpoolDisk {
  /**
   * A segment file of `bytes` zeros, durable with its name; takes the reserve where there is one, and what is kept for a full disk
   * where nothing else is to be had. Throws `NoRoom` where there is not even that: nothing was begun then.
   */
  activate(directory: string, segment: number, bytes: number): SegmentFile
  /** Prepares the reserve: the zeros of the next segment. ENOSPC shows here, not while appending. `signal` gives it up. */
  reserve(directory: string, bytes: number, signal?: AbortSignal): Promise<void>
  /** Prepares what is kept for a full disk: a smaller segment, which only `activate` without room ever takes. */
  keep(directory: string, bytes: number, signal?: AbortSignal): Promise<void>
  /** Bytes that this account may still use on the volume of a folder. */
  free(directory: string): number
}

/** The disk has no room for another segment. What was written before is as good as ever. */
export class NoRoom extends Error {}

/**
 * A segment was begun, failed, and could not be taken away again. Its header says where the segment before it ended: nothing may be
 * acknowledged in that one any more, since whoever reads the chain would end there.
 */
export class HalfBegun extends Error {}

/** What a file system says when it takes no more: no space, over a quota, or the largest file that this process may write. */
const FULL: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EFBIG']

const RESERVE = 'reserve'
const KEPT = 'kept'
/** Rest between two portions of the reserve: 64 MiB take about a second. */
const RESERVE_PAUSE_MS = 10
const ZEROS = Buffer.alloc(1 << 20)

/** The machine's disk. */
export const systemDisk: SpoolDisk = {
  activate,
  reserve: (directory, bytes, signal) => prepare(join(directory, RESERVE), bytes, signal),
  keep: (directory, bytes, signal) => prepare(join(directory, KEPT), bytes, signal),
  free(directory) {
    const { bavail, bsize } = statfsSync(directory)
    return bavail * bsize
  },
}

function activate(directory: string, segment: number, bytes: number): SegmentFile {
  const path = join(directory, segmentName(segment))
  if (existsSync(path)) throw new Error('the segment exists already')
  const ready = readySegment(directory, bytes)
  try {
    renameSync(ready.path, path)
    syncDirectory(directory)
    return openSegment(path, ready.bytes)
  } catch (error) {
    takeBack(path)
    throw error
  }
}

/** Removes a segment that holds nothing, durably: a name that comes back after a power cut would end the chain before it. */
function takeBack(path: string): void {
  try {
    rmSync(path, { force: true })
    syncDirectory(dirname(path))
  } catch (cause) {
    throw new HalfBegun('a segment that failed cannot be taken away', { cause })
  }
}

/** A file of zeros that is whole and durable under a name of its own. */
function readySegment(directory: string, bytes: number): { path: string; bytes: number } {
  const path = join(directory, RESERVE)
  // The reserve got its name after its bytes were durable: where it exists, it is whole.
  if (sizeOf(path) === bytes) return { path, bytes }
  try {
    fill(path, bytes)
    return { path, bytes }
  } catch (error) {
    if (!isFull(error)) throw error
    rmSync(path, { force: true })
    const kept = join(directory, KEPT)
    const size = sizeOf(kept)
    if (size === undefined || size < SEGMENT_LEAST) throw new NoRoom('the disk is full')
    return { path: kept, bytes: size }
  }
}

/** True where the error says that the volume is full. */
function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && FULL.includes(error.code)
}

function sizeOf(path: string): number | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.size
}

/** Opened anew, never over what stands there: a link that somebody put under the name leads nowhere. */
function fill(path: string, bytes: number): void {
  rmSync(path, { force: true })
  const fd = openSync(path, 'wx', 0o600)
  try {
    for (let at = 0; at < bytes;) at += writeSync(fd, ZEROS, 0, Math.min(ZEROS.length, bytes - at))
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

async function prepare(path: string, bytes: number, signal?: AbortSignal): Promise<void> {
  if (sizeOf(path) === bytes) return
  const draft = `${path}.tmp`
  try {
    await rm(draft, { force: true })
    const file = await open(draft, 'wx', 0o600)
    try {
      for (let at = 0; at < bytes;) {
        const { bytesWritten } = await file.write(ZEROS, 0, Math.min(ZEROS.length, bytes - at))
        at += bytesWritten
        // In small portions with room between them: the segment in use is waiting for the same disk.
        await pause(RESERVE_PAUSE_MS, undefined, signal === undefined ? {} : { signal })
      }
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
    syncDirectory(dirname(path))
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

function openSegment(path: string, bytes: number): SegmentFile {
  const fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW)
  return {
    bytes,
    write: (parts, at) => writeAll(fd, parts, at),
    sync: () => fdatasyncSync(fd),
    check() {
      const own = fstatSync(fd, { bigint: true })
      const named = lstatSync(path, { bigint: true, throwIfNoEntry: false })
      if (named === undefined || own.nlink === 0n) throw new Error('the spool file was removed')
      if (named.ino !== own.ino || named.dev !== own.dev)
        throw new Error('the spool file was replaced')
      if (own.size !== BigInt(bytes)) throw new Error('the spool file was cut')
    },
    close: () => closeSync(fd),
    discard() {
      takeBack(path)
      closeSync(fd)
    },
  }
}

function writeAll(fd: number, parts: readonly Uint8Array[], at: number): void {
  const total = parts.reduce((sum, part) => sum + part.byteLength, 0)
  const written = writevSync(fd, parts, at)
  if (written === total) return
  // A short write is legal: the rest follows from where it stopped.
  const whole = Buffer.concat(parts)
  for (let done = written; done < total;) {
    const more = writeSync(fd, whole, done, total - done, at + done)
    if (more === 0) throw new Error('the disk took no more bytes')
    done += more
  }
}
