// Holds where the spool's records go at this moment: a thread on one folder, which can hand over to one on another.

import type { SpoolFailure, SpoolNews, SpoolOrder } from './spool-committer.ts'
import type { Position } from './segment.ts'
import type { Spool } from './spool.ts'
import { startSpoolThread, type SpoolThread } from './spool-thread.ts'
import type { SpoolWriterOptions } from './spool-writer.ts'

/** The sink of one process. */
export class SpoolSink {
  readonly #options: SpoolWriterOptions
  #thread: SpoolThread
  #directory: string
  #hear: ((news: SpoolNews) => void) | undefined
  /** What the thread that failed left for another. */
  #rest: SpoolFailure['rest']
  #moved: ((problem: string | undefined) => void) | undefined

  private constructor(options: SpoolWriterOptions, thread: SpoolThread) {
    this.#options = options
    this.#thread = thread
    this.#directory = options.directory
  }

  /** Starts the first thread. Throws `audit.unavailable`. */
  static async open(options: SpoolWriterOptions): Promise<SpoolSink> {
    return new SpoolSink(options, await startSpoolThread(options))
  }

  /** End of the spool before this boot's first record. */
  get position(): Position {
    return this.#thread.position
  }

  /** The folder that is written to. */
  get directory(): string {
    return this.#directory
  }

  post(order: SpoolOrder, transfer: readonly ArrayBuffer[]): void {
    this.#thread.post(order, transfer)
  }

  /** Who hears the thread from now on, whichever it is. */
  listen(hear: (news: SpoolNews) => void): void {
    this.#hear = hear
    this.#attend(this.#thread)
  }

  ended(): Promise<void> {
    return this.#thread.ended()
  }

  /**
   * Goes on in another folder, with the next segment of the one chain; a failed sink is replaced by one there, which first takes
   * what that one left. Gives why not, where it cannot: then everything is as before.
   */
  async move(directory: string, spool: Spool): Promise<string | undefined> {
    if (directory === this.#directory && spool.failure === undefined) return undefined
    const problem =
      spool.failure === undefined
        ? await this.#handOver(directory)
        : await this.#replace(directory, spool)
    if (problem === undefined) this.#directory = directory
    return problem
  }

  #handOver(directory: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.#moved = resolve
      this.#thread.post({ kind: 'move', directory }, [])
    })
  }

  async #replace(directory: string, spool: Spool): Promise<string | undefined> {
    const rest = this.#rest
    if (!spool.resumable || rest === undefined) {
      return 'what the failed disk held is lost to this process: start it anew'
    }
    const first = rest.end.segment + 1
    try {
      const options = { ...this.#options, directory, first, previous: rest.end }
      const thread = await startSpoolThread(options)
      this.#thread = thread
      this.#rest = undefined
      this.#attend(thread)
      spool.resume(thread, thread.position)
      return undefined
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }

  #attend(thread: SpoolThread): void {
    thread.listen((news) => {
      // A thread that another has taken over from has nothing more to say.
      if (thread !== this.#thread) return
      if (news.kind === 'failed') {
        this.#rest ??= news.rest
        this.#settle(news.reason)
      }
      if (news.kind === 'moved') this.#settle(news.problem)
      this.#hear?.(news)
    })
  }

  #settle(problem: string | undefined): void {
    this.#moved?.(problem)
    this.#moved = undefined
  }
}
