// Holds the threads that check bundles while a log is verified: the strict reading is most of the work, and bundles need nothing of each other.

import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

import { checkBundle, type CheckedBundle, type CheckerNews } from './verify-bundle.ts'
import { fault } from './faults.ts'

/** Bundles from which on threads are worth their start: a log of 16,384 records. */
const WORTH = 64
const THREADS_MAX = 4
/** Bundles that are ahead of the one that is wanted, for each thread: it never waits for the disk. */
const AHEAD = 2

interface Checker {
  readonly worker: Worker
  readonly waiting: { resolve: (bundle: CheckedBundle) => void; reject: (error: Error) => void }[]
}

/** As many checkers as a log of so many bundles is worth; none where it is small, and then each bundle is checked where it is asked for. */
export class BundleCheckers {
  readonly #checkers: readonly Checker[]
  #next = 0

  constructor(bundles: number) {
    const threads = bundles < WORTH ? 0 : Math.min(THREADS_MAX, availableParallelism())
    this.#checkers = Array.from({ length: threads }, start)
  }

  /** How many bundles may be asked for before the first is answered. */
  get ahead(): number {
    return Math.max(1, this.#checkers.length * AHEAD)
  }

  /** Hashes and reads every entry, as `checkBundle` does. Rejects where the thread has died. */
  check(entries: readonly Uint8Array[]): Promise<CheckedBundle> {
    const checker = this.#checkers[this.#next++ % Math.max(1, this.#checkers.length)]
    if (checker === undefined) return Promise.resolve(checkBundle(entries))
    const answer = new Promise<CheckedBundle>((resolve, reject) => {
      checker.waiting.push({ resolve, reject })
    })
    // Views of one file: that is copied once.
    checker.worker.postMessage(entries)
    return answer
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await Promise.all(this.#checkers.map(({ worker }) => worker.terminate()))
  }
}

function start(): Checker {
  const worker = new Worker(new URL('./verify-worker.ts', import.meta.url))
  const checker: Checker = { worker, waiting: [] }
  worker.on('message', (news: CheckerNews) => {
    const waiter = checker.waiting.shift()
    if ('failed' in news) waiter?.reject(fault('audit.unavailable', news.failed))
    else waiter?.resolve(news)
  })
  const fell = (why: string): void => {
    for (const { reject } of checker.waiting.splice(0)) reject(fault('audit.unavailable', why))
  }
  worker.on('error', (error) => fell(error instanceof Error ? error.message : String(error)))
  worker.on('exit', () => fell('a thread of the verification has ended'))
  return checker
}
