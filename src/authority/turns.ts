// Holds the turns that changes of one kind take, so that what was checked still holds when it is written.

/** Runs asynchronous work one after another, in the order in which it was asked for. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  /** Runs `work` once everything before it has ended, however that ended. */
  run<R>(work: () => Promise<R>): Promise<R> {
    const turn = this.#last.then(work, work)
    this.#last = turn
    return turn
  }
}
