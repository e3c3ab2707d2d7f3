// Holds the digests of programs: each file is read once, in pieces, and remembered under everything that changes with its content.

import { createHash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import type { BigIntStats } from 'node:fs'

/** Larger programs have no digest: reading them would keep others waiting. */
const MAX_BYTES = 512n * 1024n * 1024n
/** Digests that are remembered. */
const MAX_FILES = 512
/** Files that are read at once. */
const MAX_READING = 2
/** Files that wait to be read. */
const MAX_WAITING = 64
const PIECE = 1024 * 1024

/** `device:inode:size:mtime:ctime`: the kernel moves ctime on with every change of the content, and nobody can set it. */
export function fileKey(stat: BigIntStats): string {
  return [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(':')
}

/** SHA-256 of programs, remembered within bounds. */
export class ExecutableDigests {
  readonly #known = new Map<string, string>()
  /** Reads under way, so that many instances of one program cause one. */
  readonly #reading = new Map<string, Promise<string | undefined>>()
  readonly #waiting: (() => void)[] = []
  #active = 0

  /** The digest of a file, hex, and the key under which it was read; undefined where it cannot be had. */
  async of(path: string): Promise<{ readonly sha256: string; readonly file: string } | undefined> {
    let handle: FileHandle
    try {
      handle = await open(path, 'r')
    } catch {
      // Not ours to read, or gone: there is no digest, and whoever asks has no selector.
      return undefined
    }
    try {
      const stat = await handle.stat({ bigint: true })
      if (!stat.isFile() || stat.size > MAX_BYTES) return undefined
      const file = fileKey(stat)
      const sha256 = await this.#digest(file, handle)
      return sha256 === undefined ? undefined : { sha256, file }
    } finally {
      await handle.close()
    }
  }

  async #digest(file: string, handle: FileHandle): Promise<string | undefined> {
    const known = this.#known.get(file)
    if (known !== undefined) {
      // To the young end: the one that was not asked for longest is forgotten first.
      this.#known.delete(file)
      this.#known.set(file, known)
      return known
    }
    const under = this.#reading.get(file)
    if (under !== undefined) return under
    const reading = this.#read(file, handle).finally(() => this.#reading.delete(file))
    this.#reading.set(file, reading)
    return reading
  }

  async #read(file: string, handle: FileHandle): Promise<string | undefined> {
    if (this.#active >= MAX_READING) {
      if (this.#waiting.length >= MAX_WAITING) return undefined
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    this.#active++
    try {
      const sha256 = createHash('sha256')
      const piece = Buffer.allocUnsafe(PIECE)
      for (let at = 0; ;) {
        const { bytesRead } = await handle.read(piece, 0, PIECE, at)
        if (bytesRead === 0) break
        sha256.update(piece.subarray(0, bytesRead))
        at += bytesRead
      }
      // Written to meanwhile: what was read is the content of no one moment.
      if (fileKey(await handle.stat({ bigint: true })) !== file) return undefined
      const digest = sha256.digest('hex')
      this.#known.set(file, digest)
      for (const oldest of this.#known.keys()) {
        if (this.#known.size <= MAX_FILES) break
        this.#known.delete(oldest)
      }
      return digest
    } finally {
      this.#active--
      this.#waiting.shift()?.()
    }
  }
}
