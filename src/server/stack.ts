// Holds what has been opened, so that it is closed in the opposite order, once, whatever fails.

/** Things to close. */
export class Stack {
  readonly #closers: (() => unknown)[] = []
  #closing: Promise<void> | undefined

  push(close: () => unknown): void {
    this.#closers.push(close)
  }

  /** Closes all of it, the last opened first. What fails to close does not keep the rest open; the first failure is thrown. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const failures: unknown[] = []
    for (let close = this.#closers.pop(); close !== undefined; close = this.#closers.pop()) {
      try {
        await close()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}
