// Holds the work of the spool's thread: group commit, the segment that is ready before it is needed, and a full disk that is told of early.

import type { DurableBatch } from './durable-batch.ts'
import { HalfBegun, NoRoom, type SpoolDisk } from './segment-file.ts'
import type { Position, SegmentEnd } from './segment.ts'
import { SpoolWriter, type SpoolWriterOptions } from './spool-writer.ts'

/** What the thread is told: frames to make durable, to go on in another folder, or to stop once everything before is done. */
export type SpoolOrder =
  | { readonly kind: 'chunk'; readonly frames: Uint8Array }
  | { readonly kind: 'move'; readonly directory: string }
  | { readonly kind: 'close' }

/** How much room there is for what comes. */
export interface SpoolRoom {
  /** Bytes left in the segment that is being written. */
  readonly left: number
  /** Whether the next segment is ready, and what is kept for a full disk. */
  readonly next: boolean
  readonly kept: boolean
  /** Bytes that this account may still use on the volume. */
  readonly free: number
  /** Why no new calls should be taken on; absent while there is room. */
  readonly problem?: string
}

/** What the thread says. */
export type SpoolNews =
  | { readonly kind: 'opened'; readonly position: Position }
  /** So many further chunks are durable, in the order in which they were sent. */
  | { readonly kind: 'durable'; readonly chunks: number; readonly batch: DurableBatch }
  /** How much room there is; said when that changes, and once a second. */
  | { readonly kind: 'room'; readonly room: SpoolRoom }
  /** What follows goes to another folder; or why it does not, and goes where it went before. */
  | { readonly kind: 'moved'; readonly directory: string; readonly problem?: string }
  | SpoolFailure

/** Nothing further will be written here; what was not reported durable may or may not be. */
export interface SpoolFailure {
  readonly kind: 'failed'
  readonly reason: string
  /** What another sink needs to go on: where the chain ends, and the frames of every chunk that is not durable, in order. */
  readonly rest?: { readonly end: SegmentEnd; readonly unwritten: readonly Uint8Array[] }
}

/** What a committer works with. */
export interface SpoolCommitterParts {
  readonly options: SpoolWriterOptions
  readonly disk: SpoolDisk
  readonly say: (news: SpoolNews) => void
  /** The next order that has come in by now. */
  readonly next: () => SpoolOrder | undefined
}

/** Bytes that have to be free on the volume, in segments: what is acknowledged must find room in the log as well. */
const FREE_SEGMENTS = 1
/** Once there was too little, this much has to be free before calls are taken again, so that they do not come and go. */
const RESUME_SEGMENTS = 2

/** The spool's thread but for the thread. After a throw of `obey` or `look` it is dead, and has said so. */
export class SpoolCommitter {
  readonly #parts: SpoolCommitterParts
  readonly #writer: SpoolWriter
  readonly #ending = new AbortController()
  /** What was sent and is not written: more than one turn holds only while the disk is full. */
  readonly #chunks: Buffer[] = []
  /** Segment behind which a reserve was made. */
  #reserved = 0
  #kept = false
  #reserving = false
  #problem: string | undefined
  /** True from when there was too little room on the volume until there is enough. */
  #low = false
  /** True once something has failed: whoever listens goes on elsewhere. */
  #dead = false

  /** Opens the first segment, durable on disk. Throws what the disk throws. */
  constructor(parts: SpoolCommitterParts) {
    this.#parts = parts
    this.#writer = new SpoolWriter(parts.options, parts.disk)
    parts.say({ kind: 'opened', position: this.#writer.position })
    this.#reserve()
  }

  /** Makes everything durable that has been sent by now, in as few batches as possible: the group commit. False once it is closed. */
  obey(first: SpoolOrder): boolean {
    return this.#guarded(() => {
      for (let order: SpoolOrder | undefined = first; order !== undefined;) {
        if (order.kind === 'chunk') {
          const { buffer, byteOffset, length } = order.frames
          this.#chunks.push(Buffer.from(buffer, byteOffset, length))
        } else {
          this.#drain()
          if (order.kind === 'close') return this.#close()
          this.#move(order.directory)
        }
        order = this.#parts.next()
      }
      this.#drain()
      this.#reserve()
      return true
    })
  }

  /** Looks at the disk, once a second: whether there is room again for what had none. False once it is dead. */
  look(): boolean {
    return this.#guarded(() => {
      this.#drain()
      this.#reserve()
      this.#tell()
      return true
    })
  }

  /** Orders that were on their way when something failed find nobody: what was not written is handed back once, and not written here as well. */
  #guarded(work: () => boolean): boolean {
    if (this.#dead) return false
    try {
      return work()
    } catch (error) {
      this.#dead = true
      this.#ending.abort()
      const unwritten = this.#chunks.map((chunk) => Uint8Array.from(chunk))
      const rest = { end: this.#writer.end, unwritten }
      this.#parts.say({ kind: 'failed', reason: words(error), rest })
      return false
    }
  }

  /** What finds no room stays here and is tried again; its callers are not kept waiting for that. */
  #drain(): void {
    try {
      while (this.#chunks.length > 0) {
        const { chunks, position, digest } = this.#writer.flush(this.#chunks)
        this.#chunks.splice(0, chunks)
        this.#parts.say({ kind: 'durable', chunks, batch: { position, digest } })
      }
    } catch (error) {
      if (!(error instanceof NoRoom)) throw error
      this.#problem = error.message
      this.#tell()
    }
  }

  #move(directory: string): void {
    try {
      this.#writer.move(directory)
      this.#reserved = 0
      this.#kept = false
      this.#problem = undefined
      this.#parts.say({ kind: 'moved', directory })
      this.#drain()
    } catch (error) {
      if (error instanceof HalfBegun || this.#writer.directory === directory) throw error
      this.#parts.say({ kind: 'moved', directory, problem: words(error) })
    }
  }

  /**
   * The next segment and what is kept are made ahead: a full disk shows here, a whole segment before it matters.
   * INVARIANT: one at a time. Two would fill the same draft, and the zeros of the slower one would go over the records of
   * the segment that the other's file has become.
   */
  #reserve(): void {
    const { segment } = this.#writer.position
    const ready = this.#reserved === segment && this.#kept
    if (this.#reserving || ready || this.#ending.signal.aborted) return
    this.#reserving = true
    const { disk, options } = this.#parts
    const { directory } = this.#writer
    const { signal } = this.#ending
    const made = async (): Promise<void> => {
      this.#kept = false
      await disk.keep(directory, options.keptBytes, signal)
      this.#kept = directory === this.#writer.directory
      await disk.reserve(directory, options.segmentBytes, signal)
      if (directory === this.#writer.directory) this.#reserved = segment
    }
    made().then(
      () => this.#reservedOr(undefined),
      (error: unknown) => this.#reservedOr(`the next segment cannot be made: ${words(error)}`),
    )
  }

  #reservedOr(problem: string | undefined): void {
    this.#reserving = false
    if (this.#ending.signal.aborted) return
    this.#problem = problem
    this.#tell()
    // The segment may have been filled meanwhile; what failed is tried again at the next look.
    if (problem === undefined) this.#reserve()
  }

  #tell(): void {
    const { disk, options } = this.#parts
    const free = disk.free(this.#writer.directory)
    const least = options.segmentBytes * (this.#low ? RESUME_SEGMENTS : FREE_SEGMENTS)
    this.#low = free < least
    const low = this.#low ? `only ${mebibytes(free)} MiB are free on the volume` : undefined
    const problem = this.#problem ?? low
    const room: SpoolRoom = {
      left: this.#writer.left,
      next: this.#reserved === this.#writer.position.segment,
      kept: this.#kept,
      free,
      ...(problem === undefined ? {} : { problem }),
    }
    this.#parts.say({ kind: 'room', room })
  }

  #close(): boolean {
    this.#ending.abort()
    this.#writer.close()
    return false
  }
}

function mebibytes(bytes: number): number {
  return Math.floor(bytes / 1_048_576)
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
