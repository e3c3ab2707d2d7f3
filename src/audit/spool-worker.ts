// Holds the spool's thread: group commit with synchronous calls, away from the thread pool that everything else shares.

import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads'

import { systemDisk } from './segment-file.ts'
import type { Position } from './segment.ts'
import { SpoolWriter, type SpoolWriterOptions } from './spool-writer.ts'

/** What the thread is told: frames to make durable, or to stop once everything before is. */
export type SpoolOrder =
  { readonly kind: 'chunk'; readonly frames: Uint8Array } | { readonly kind: 'close' }

/** What the thread says. */
export type SpoolNews =
  | { readonly kind: 'opened'; readonly position: Position }
  /** So many further chunks are durable, in the order in which they were sent. */
  | { readonly kind: 'durable'; readonly chunks: number; readonly position: Position }
  /** The next segment's zeros are there, or why not; the current segment goes on being written. */
  | { readonly kind: 'reserve'; readonly problem?: string }
  /** Nothing further will be written; what was not reported durable may or may not be. */
  | { readonly kind: 'failed'; readonly reason: string }

class SpoolThread {
  readonly #port: MessagePort
  readonly #options: SpoolWriterOptions
  readonly #writer: SpoolWriter
  /** Segment behind which a reserve was made or tried last. */
  #reserved = 0
  #reserving = false
  readonly #ending = new AbortController()

  constructor(port: MessagePort, options: SpoolWriterOptions) {
    this.#port = port
    this.#options = options
    this.#writer = new SpoolWriter(options, systemDisk)
    this.#say({ kind: 'opened', position: this.#writer.position })
    this.#reserve()
  }

  /** Makes everything durable that has been sent by now, in as few batches as possible: the group commit. */
  obey(first: SpoolOrder): void {
    const chunks: Buffer[] = []
    let closing = false
    for (let order: SpoolOrder | undefined = first; order !== undefined; order = this.#next()) {
      if (order.kind === 'close') closing = true
      else
        chunks.push(Buffer.from(order.frames.buffer, order.frames.byteOffset, order.frames.length))
    }
    while (chunks.length > 0) {
      const flushed = this.#writer.flush(chunks)
      chunks.splice(0, flushed.chunks)
      this.#say({ kind: 'durable', chunks: flushed.chunks, position: flushed.position })
    }
    if (closing) return this.#close()
    this.#reserve()
  }

  #next(): SpoolOrder | undefined {
    return (receiveMessageOnPort(this.#port) as { message: SpoolOrder } | undefined)?.message
  }

  /**
   * One attempt per segment: a full disk shows here, a whole segment before it matters.
   * INVARIANT: one at a time. Two would fill the same draft, and the zeros of the slower one would go over the records of
   * the segment that the other's file has become.
   */
  #reserve(): void {
    const { segment } = this.#writer.position
    if (this.#reserving || this.#reserved === segment || this.#ending.signal.aborted) return
    this.#reserving = true
    this.#reserved = segment
    const { directory, segmentBytes } = this.#options
    const tell = (news: SpoolNews): void => {
      this.#reserving = false
      this.#say(news)
      this.#reserve()
    }
    systemDisk.reserve(directory, segmentBytes, this.#ending.signal).then(
      () => tell({ kind: 'reserve' }),
      (error: unknown) => tell({ kind: 'reserve', problem: words(error) }),
    )
  }

  #close(): void {
    this.#ending.abort()
    this.#writer.close()
    this.#port.close()
  }

  #say(news: SpoolNews): void {
    this.#port.postMessage(news)
  }
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function guarded(port: MessagePort, work: () => void): void {
  try {
    work()
  } catch (error) {
    port.postMessage({ kind: 'failed', reason: words(error) } satisfies SpoolNews)
    port.close()
  }
}

if (parentPort !== null) {
  const port = parentPort
  guarded(port, () => {
    const thread = new SpoolThread(port, workerData as SpoolWriterOptions)
    port.on('message', (order: SpoolOrder) => guarded(port, () => thread.obey(order)))
  })
}
