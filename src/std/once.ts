// Holds what was seen and may not be seen again, for as long as it could come again.

/**
 * A bounded set of texts, each with a time after which it is forgotten. Texts are forgotten in the order in which they came,
 * so one that may be forgotten sooner than those before it stays a little longer; never the other way round.
 */
export class Once {
  readonly #most: number
  /** Text → ms since the epoch, in the order of arrival. */
  readonly #seen = new Map<string, number>()

  constructor(most: number) {
    this.#most = most
  }

  /** Takes a text in. `again` when it was here before, `full` when there is no room to remember it. */
  take(text: string, until: number, now: number): 'first' | 'again' | 'full' {
    for (const [old, end] of this.#seen) {
      if (end >= now) break
      this.#seen.delete(old)
    }
    if (this.#seen.has(text)) return 'again'
    if (this.#seen.size >= this.#most) return 'full'
    this.#seen.set(text, until)
    return 'first'
  }
}
