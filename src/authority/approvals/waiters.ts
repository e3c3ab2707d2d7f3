// Holds who waits for an approval, in this process.

import type { Timer } from '../../std/timer.ts'

/** Callbacks by approval id. */
export class Waiters {
  readonly #waiting = new Map<string, Set<() => void>>()

  /** Calls back once when the approval has changed; the answer takes the callback away. */
  add(id: string, wake: () => void): () => void {
    const waiting = this.#waiting.get(id) ?? new Set()
    waiting.add(wake)
    this.#waiting.set(id, waiting)
    return () => {
      waiting.delete(wake)
      if (waiting.size === 0 && this.#waiting.get(id) === waiting) this.#waiting.delete(id)
    }
  }

  /** Resolves when the approval has changed, after `ms`, or when `signal` aborts. */
  woken(id: string, ms: number, signal: AbortSignal, timer: Timer): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel()
        leave()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const cancel = timer.after(ms, done)
      const leave = this.add(id, done)
      signal.addEventListener('abort', done, { once: true })
    })
  }

  /** Wakes everyone who waits for this approval. */
  wake(id: string): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    for (const wake of waiting ?? []) wake()
  }
}
