// Holds the request thread's side of the spool: frames are gathered per turn of the loop, and waiting is bounded.

import { hash } from 'node:crypto'

import type { Clock } from '../std/clock.ts'
import { fault } from './faults.ts'
import { FRAME_HEAD } from './frame.ts'
import type { Position } from './segment.ts'
import type { SpoolNews, SpoolOrder } from './spool-worker.ts'

/** Bytes of a chunk, unless one record needs more: twice what the last one held, within these bounds. */
const CHUNK_MIN = 1 << 12
const CHUNK_MAX = 1 << 16
/** Longest that a record which nobody waits for stays here, to share a chunk with one that somebody waits for (ms). */
const LINGER_MS = 4

/** The port to the spool's thread. */
export interface SpoolPort {
  post(order: SpoolOrder, transfer: readonly ArrayBuffer[]): void
}

/** Who waits for one record. Exactly one of `durable` and `failed` is called, and `late` after a failure by time alone. */
export interface SpoolWaiter {
  durable(): void
  failed(error: Error): void
  /** The wait was given up, and yet the record is durable now. */
  late(): void
}

/** Bounds of waiting. */
export interface SpoolLimits {
  /** Longest wait for durability, ms. */
  readonly waitMs: number
  /** Bytes that may be waiting at once. */
  readonly queueBytes: number
}

interface Chunk {
  buffer: Buffer
  used: number
  readonly deadline: number
  readonly waiters: SpoolWaiter[]
  /** Called once the chunk is durable or given up by the spool as a whole. */
  readonly settled: (() => void)[]
  /** True once somebody waits for a record of it: then it goes out at the end of this turn of the loop. */
  awaited: boolean
  abandoned: boolean
}

/** Hands records to the spool's thread and answers who waits, in order. After a failure nothing is taken any more. */
export class Spool {
  readonly #port: SpoolPort
  readonly #clock: Clock
  readonly #limits: SpoolLimits
  /** Chunks in the order of their records, up to the one that is filling. */
  readonly #chunks: Chunk[] = []
  #filling: Chunk | undefined
  #queued = 0
  #chunkBytes = CHUNK_MIN
  #timer: NodeJS.Timeout | undefined
  #linger: NodeJS.Timeout | undefined
  #failure: string | undefined
  #position: Position

  constructor(port: SpoolPort, clock: Clock, limits: SpoolLimits, position: Position) {
    this.#port = port
    this.#clock = clock
    this.#limits = limits
    this.#position = position
  }

  /** End of the durable spool. */
  get position(): Position {
    return this.#position
  }

  /** Why nothing is taken any more; undefined while all is well. */
  get failure(): string | undefined {
    return this.#failure
  }

  /** Bytes that wait to become durable. */
  get queued(): number {
    return this.#queued
  }

  /** Throws `audit.unavailable` where `append` would refuse. */
  check(): void {
    if (this.#failure !== undefined) throw unavailable(this.#failure)
    if (this.#queued >= this.#limits.queueBytes)
      throw unavailable('too many records are waiting for the disk')
  }

  /**
   * Queues one record of `bytes` bytes and gives its leaf hash (base64url). Call `check` before. Where nobody waits for it
   * (`awaited` false), it may stay a few milliseconds for the next: every chunk costs the disk a flush, and whoever waits the
   * time of the flush before.
   */
  append(text: string, bytes: number, waiter: SpoolWaiter, awaited = true): string {
    const need = FRAME_HEAD + bytes
    let chunk = this.#filling
    if (chunk === undefined || chunk.used + need > chunk.buffer.length) chunk = this.#begin(need)
    const { buffer, used } = chunk
    buffer.writeUInt32BE(bytes, used)
    // The checksum is filled in by the spool's thread. Until then its last byte is the 0x00 in front of a leaf
    // (RFC 6962 §2.1), so the leaf hash needs no copy of the record.
    buffer.writeUInt32BE(0, used + 4)
    buffer.write(text, used + FRAME_HEAD, bytes, 'utf8')
    chunk.used += need
    chunk.waiters.push(waiter)
    if (awaited) this.#hurry(chunk)
    else this.#linger ??= setTimeout(() => this.#post(), LINGER_MS)
    this.#queued += need
    return hash('sha256', buffer.subarray(used + FRAME_HEAD - 1, used + need), 'base64url')
  }

  /** Resolves once everything appended so far is answered: durable or failed. */
  async drained(): Promise<void> {
    this.#post()
    const newest = this.#chunks.at(-1)
    if (newest !== undefined) await new Promise<void>((resolve) => newest.settled.push(resolve))
  }

  /** Takes in what the thread says. */
  hear(news: SpoolNews): void {
    if (news.kind === 'failed') this.fail(news.reason)
    if (news.kind !== 'durable') return
    this.#position = news.position
    for (let i = 0; i < news.chunks; i++) {
      const chunk = this.#chunks.shift()
      if (chunk === undefined) break
      this.#queued -= chunk.used
      for (const waiter of chunk.waiters) {
        if (chunk.abandoned) waiter.late()
        else waiter.durable()
      }
      for (const settled of chunk.settled) settled()
    }
    this.#rest()
  }

  /** Ends the spool: whoever waits is told why, and nothing is taken any more. */
  fail(reason: string): void {
    this.#failure ??= reason
    clearTimeout(this.#linger)
    this.#linger = undefined
    this.#filling = undefined
    this.#queued = 0
    for (const chunk of this.#chunks.splice(0)) {
      this.#abandon(chunk, this.#failure)
      for (const settled of chunk.settled) settled()
    }
    this.#rest()
  }

  #begin(need: number): Chunk {
    this.#post()
    const chunk: Chunk = {
      buffer: Buffer.allocUnsafeSlow(Math.max(this.#chunkBytes, need)),
      used: 0,
      deadline: this.#clock.monotonic() + this.#limits.waitMs,
      waiters: [],
      settled: [],
      awaited: false,
      abandoned: false,
    }
    this.#chunks.push(chunk)
    this.#filling = chunk
    this.#timer ??= setTimeout(() => this.#expire(), this.#limits.waitMs)
    return chunk
  }

  /** At the end of this turn of the loop everything that was appended goes out in one message. */
  #hurry(chunk: Chunk): void {
    if (chunk.awaited) return
    chunk.awaited = true
    setImmediate(() => this.#filling === chunk && this.#post())
  }

  #post(): void {
    clearTimeout(this.#linger)
    this.#linger = undefined
    const chunk = this.#filling
    if (chunk === undefined) return
    this.#filling = undefined
    this.#chunkBytes = Math.min(CHUNK_MAX, Math.max(CHUNK_MIN, 2 * chunk.used))
    const frames = new Uint8Array(chunk.buffer.buffer as ArrayBuffer, 0, chunk.used)
    this.#port.post({ kind: 'chunk', frames }, [frames.buffer])
  }

  #expire(): void {
    this.#timer = undefined
    const now = this.#clock.monotonic()
    for (const chunk of this.#chunks) {
      if (chunk.deadline > now) break
      if (!chunk.abandoned)
        this.#abandon(chunk, `the disk did not answer within ${this.#limits.waitMs} ms`)
    }
    const next = this.#chunks.find((chunk) => !chunk.abandoned)
    if (next !== undefined) {
      this.#timer = setTimeout(() => this.#expire(), Math.max(1, next.deadline - now))
    }
  }

  #abandon(chunk: Chunk, reason: string): void {
    if (chunk.abandoned) return
    chunk.abandoned = true
    for (const waiter of chunk.waiters) waiter.failed(unavailable(reason))
  }

  #rest(): void {
    if (this.#chunks.length > 0) return
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

function unavailable(reason: string): Error {
  return fault('audit.unavailable', `the record cannot be made durable: ${reason}`)
}
