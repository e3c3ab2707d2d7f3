// Holds the request thread's side of the spool: frames are gathered per turn of the loop, and waiting is bounded.

import { hash } from 'node:crypto'

import type { Clock } from '../std/clock.ts'
import { fault } from './faults.ts'
import { FRAME_HEAD } from './frame.ts'
import type { Position } from './segment.ts'
import type { SpoolFailure, SpoolNews, SpoolOrder } from './spool-committer.ts'

/** Bytes of a chunk, unless one record needs more: twice what the last one held, within these bounds. */
const CHUNK_MIN = 1 << 12
const CHUNK_MAX = 1 << 16
/** Longest that a record which nobody waits for stays here, to share a chunk with one that somebody waits for (ms). */
const LINGER_MS = 4

/** The port to the spool's thread. */
export interface SpoolPort {
  /** What a record that is not durable yet is waiting for, in words; absent: the disk. */
  readonly waitsFor?: string
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
  /** Longest wait of a call for durability, ms. */
  readonly waitMs: number
  /** Longest wait of what people and the gateway itself do, ms: a lock is not refused because a disk is slow. */
  readonly patientMs: number
  /** Bytes that may be waiting at once. */
  readonly queueBytes: number
}

/** How one record is taken. */
export interface SpoolManner {
  /** False where nobody waits: the record may stay a few milliseconds for the next. */
  readonly awaited: boolean
  /** True for what waits longer than a call, and is taken in beyond what calls may fill. */
  readonly patient: boolean
}

const CALL: SpoolManner = { awaited: true, patient: false }

interface Waiting {
  readonly waiter: SpoolWaiter
  /** ms */
  readonly wait: number
  readonly deadline: number
  /** True once it was told that its record failed. */
  given: boolean
}

interface Chunk {
  buffer: Buffer
  used: number
  readonly waiting: Waiting[]
  /** Called once the chunk is durable or given up by the spool as a whole. */
  readonly settled: (() => void)[]
  /** True once somebody waits for a record of it: then it goes out at the end of this turn of the loop. */
  awaited: boolean
}

/** Hands records to the spool's thread and answers who waits, in order. After a failure nothing is taken any more. */
export class Spool {
  #port: SpoolPort
  /** The port of the beginning, which says what is waited for, whichever disk is written to. */
  readonly #gate: SpoolPort
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
  /** What a failed sink left unwritten, for the next: all or none of what was sealed. */
  #unwritten: Chunk[] | undefined
  #position: Position

  constructor(port: SpoolPort, clock: Clock, limits: SpoolLimits, position: Position) {
    this.#port = port
    this.#gate = port
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

  /** Throws `audit.unavailable` where `append` would refuse. What is patient has as much room again as calls have. */
  check(patient = false): void {
    if (this.#failure !== undefined) throw unavailable(this.#failure)
    if (this.#queued >= this.#limits.queueBytes * (patient ? 2 : 1))
      throw unavailable('too many records are waiting for the disk')
  }

  /**
   * Queues one record of `bytes` bytes and gives its leaf hash (base64url). Call `check` before. Where nobody waits for it, it may
   * stay a few milliseconds for the next: every chunk costs the disk a flush, and whoever waits the time of the flush before.
   */
  append(text: string, bytes: number, waiter: SpoolWaiter, manner: SpoolManner = CALL): string {
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
    const { waitMs, patientMs } = this.#limits
    const wait = manner.patient ? patientMs : waitMs
    chunk.waiting.push({ waiter, wait, deadline: this.#clock.monotonic() + wait, given: false })
    this.#watch(wait)
    if (manner.awaited) this.#hurry(chunk)
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
    if (news.kind === 'failed') this.fail(news.reason, news.rest)
    if (news.kind !== 'durable') return
    this.#position = news.batch.position
    for (let i = 0; i < news.chunks; i++) {
      const chunk = this.#chunks.shift()
      if (chunk === undefined) break
      this.#queued -= chunk.used
      for (const { waiter, given } of chunk.waiting) {
        if (given) waiter.late()
        else waiter.durable()
      }
      for (const settled of chunk.settled) settled()
    }
    this.#rest()
  }

  /** Ends the spool: whoever waits is told why, and nothing is taken any more, until another sink goes on. */
  fail(reason: string, rest?: SpoolFailure['rest']): void {
    if (this.#failure !== undefined) return
    this.#failure = reason
    clearTimeout(this.#linger)
    this.#linger = undefined
    const filling = this.#filling
    this.#filling = undefined
    this.#queued = 0
    const chunks = this.#chunks.splice(0)
    this.#unwritten = rest && unwritten(chunks, filling, rest.unwritten)
    for (const chunk of chunks) {
      for (const one of chunk.waiting) this.#give(one, reason)
      for (const settled of chunk.settled) settled()
    }
    this.#rest()
  }

  /** True where another sink can go on with nothing missing. */
  get resumable(): boolean {
    return this.#failure !== undefined && this.#unwritten !== undefined
  }

  /**
   * Goes on with another sink after a failure: what the failed one left unwritten goes first, so that no number of this boot is
   * missing. Its callers were told that it failed; they hear that it is late.
   */
  resume(port: SpoolPort, position: Position): void {
    const chunks = this.#unwritten
    if (chunks === undefined) throw unavailable('what the failed sink held is lost')
    this.#unwritten = undefined
    this.#failure = undefined
    this.#port = port
    this.#position = position
    for (const chunk of chunks) {
      this.#chunks.push(chunk)
      this.#queued += chunk.used
      this.#send(chunk)
    }
  }

  #begin(need: number): Chunk {
    this.#post()
    const chunk: Chunk = {
      buffer: Buffer.allocUnsafeSlow(Math.max(this.#chunkBytes, need)),
      used: 0,
      waiting: [],
      settled: [],
      awaited: false,
    }
    this.#chunks.push(chunk)
    this.#filling = chunk
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
    this.#send(chunk)
  }

  #send({ buffer, used }: Chunk): void {
    const frames = new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, used)
    this.#port.post({ kind: 'chunk', frames }, [frames.buffer])
  }

  /** The next look at who has waited too long: within the shortest wait that there is. */
  #watch(wait: number): void {
    this.#timer ??= setTimeout(() => this.#expire(), Math.min(wait, this.#limits.waitMs))
  }

  #expire(): void {
    this.#timer = undefined
    const now = this.#clock.monotonic()
    let next = Infinity
    for (const { waiting } of this.#chunks) {
      for (const one of waiting) {
        if (one.given) continue
        if (one.deadline > now) next = Math.min(next, one.deadline)
        else
          this.#give(
            one,
            `${this.#gate.waitsFor ?? 'the disk'} did not answer within ${one.wait} ms`,
          )
      }
    }
    if (next < Infinity) this.#watch(Math.max(1, next - now))
  }

  #give(one: Waiting, reason: string): void {
    if (one.given) return
    one.given = true
    one.waiter.failed(unavailable(reason))
  }

  #rest(): void {
    if (this.#chunks.length > 0) return
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

function unavailable(reason: string): Error {
  return fault('audit.unavailable', `the record cannot be made durable in the spool: ${reason}`)
}

/** The chunks as another sink can take them; undefined where what the thread held does not fit what was sent. */
function unwritten(
  chunks: readonly Chunk[],
  filling: Chunk | undefined,
  sent: readonly Uint8Array[],
): Chunk[] | undefined {
  const posted = chunks.filter((chunk) => chunk !== filling)
  if (posted.length !== sent.length) return undefined
  return chunks.map((chunk, i) => {
    const frames = sent[i]
    return frames === undefined
      ? { ...chunk, settled: [] }
      : {
          ...chunk,
          buffer: Buffer.from(frames.buffer, frames.byteOffset, frames.length),
          settled: [],
        }
  })
}
