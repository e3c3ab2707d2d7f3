// Holds waiting as a port, so that tests decide when a timer fires.

/** Runs something later. */
export interface Timer {
  /** Runs `then` once after `ms`; the answer cancels it. A waiting timer never keeps the process alive. */
  after(ms: number, then: () => void): () => void
}

/** The machine's timers; waits beyond 24 days are cut to that, as the runtime would otherwise fire at once. */
export const systemTimer: Timer = {
  after: (ms, then) => {
    const timeout = setTimeout(then, Math.min(Math.max(ms, 0), 2_000_000_000))
    timeout.unref()
    return () => clearTimeout(timeout)
  },
}
