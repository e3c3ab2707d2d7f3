// Holds a memory that forgets: the newest entries by key, never more than a bound.

/** A map of at most `bound` entries; the one that was set longest ago goes first. */
export class Recent<V> {
  readonly #bound: number
  readonly #entries = new Map<string, V>()

  constructor(bound: number) {
    this.#bound = bound
  }

  get(key: string): V | undefined {
    return this.#entries.get(key)
  }

  /** Sets an entry and makes it the newest. */
  set(key: string, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#bound) return
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  get size(): number {
    return this.#entries.size
  }
}
