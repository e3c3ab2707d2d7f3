// Holds who waits for the log to get somewhere, and tells each once it is there or cannot be.

interface Wait {
  readonly done: () => boolean
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** Those that wait. */
export class HeadWaits {
  #waits: Wait[] = []

  /** True while anybody waits. */
  get any(): boolean {
    return this.#waits.length > 0
  }

  /** Resolves once `done` is true, which is looked at now and with every `look`. */
  until(done: () => boolean, problem: Error | undefined): Promise<void> {
    if (done()) return Promise.resolve()
    if (problem !== undefined) return Promise.reject(problem)
    return new Promise((resolve, reject) => this.#waits.push({ done, resolve, reject }))
  }

  /** The log has moved. */
  look(): void {
    this.#waits = this.#waits.filter((wait) => {
      if (!wait.done()) return true
      wait.resolve()
      return false
    })
  }

  /** The log stands still. */
  reject(error: Error): void {
    for (const wait of this.#waits.splice(0)) wait.reject(error)
  }
}
