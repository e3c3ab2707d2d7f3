// Holds the file under a spool segment: filled with zeros before it is used, written at places, watched for removal.

import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  openSync,
  renameSync,
  statSync,
  writeSync,
  writevSync,
} from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { syncDirectory } from './durable-file.ts'
import { segmentName } from './segment.ts'

/** An open segment. Every method throws when the disk refuses; after that nothing of the file may be trusted or retried. */
export interface SegmentFile {
  /** Writes all of `parts`, one behind the other, from `at`. */
  write(parts: readonly Uint8Array[], at: number): void
  /** Makes what was written durable (fdatasync). */
  sync(): void
  /** Throws unless the file is still the one that its name leads to. */
  check(): void
  close(): void
}

/** The disk as the spool uses it: a port, so that a test can break it. */
export interface SpoolDisk {
  /** A segment file of `bytes` zeros, durable with its name; takes the reserve where there is one. */
  activate(directory: string, segment: number, bytes: number): SegmentFile
  /** Prepares the reserve: the zeros of the next segment. ENOSPC shows here, not while appending. `signal` gives it up. */
  reserve(directory: string, bytes: number, signal?: AbortSignal): Promise<void>
}

const RESERVE = 'reserve'
/** Rest between two portions of the reserve: 64 MiB take about a second. */
const RESERVE_PAUSE_MS = 10
const ZEROS = Buffer.alloc(1 << 20)

/** The machine's disk. */
export const systemDisk: SpoolDisk = { activate, reserve }

function activate(directory: string, segment: number, bytes: number): SegmentFile {
  const path = join(directory, segmentName(segment))
  if (existsSync(path)) throw new Error('the segment exists already')
  const reserved = join(directory, RESERVE)
  // The reserve got its name after its bytes were durable: where it exists, it is whole.
  if (statSync(reserved, { throwIfNoEntry: false })?.size !== bytes) fill(reserved, bytes)
  renameSync(reserved, path)
  syncDirectory(directory)
  return openSegment(path)
}

function fill(path: string, bytes: number): void {
  const fd = openSync(path, 'w', 0o600)
  try {
    for (let at = 0; at < bytes;) at += writeSync(fd, ZEROS, 0, Math.min(ZEROS.length, bytes - at))
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

async function reserve(directory: string, bytes: number, signal?: AbortSignal): Promise<void> {
  const path = join(directory, RESERVE)
  if (statSync(path, { throwIfNoEntry: false })?.size === bytes) return
  const draft = `${path}.tmp`
  try {
    const file = await open(draft, 'w', 0o600)
    try {
      for (let at = 0; at < bytes;) {
        const { bytesWritten } = await file.write(ZEROS, 0, Math.min(ZEROS.length, bytes - at))
        at += bytesWritten
        // In small portions with room between them: the segment in use is waiting for the same disk.
        await file.datasync()
        if (at < bytes)
          await pause(RESERVE_PAUSE_MS, undefined, signal === undefined ? {} : { signal })
      }
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
    syncDirectory(directory)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

function openSegment(path: string): SegmentFile {
  const fd = openSync(path, 'r+')
  return {
    write: (parts, at) => writeAll(fd, parts, at),
    sync: () => fdatasyncSync(fd),
    check() {
      const own = fstatSync(fd, { bigint: true })
      const named = statSync(path, { bigint: true, throwIfNoEntry: false })
      if (named === undefined || own.nlink === 0n) throw new Error('the spool file was removed')
      if (named.ino !== own.ino || named.dev !== own.dev)
        throw new Error('the spool file was replaced')
    },
    close: () => closeSync(fd),
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
