// Holds the choices of a generated case: taken one by one from a tape that fast-check makes.

/** Choices. When the tape is at its end every choice is the first one, so that whatever grows ends, and a shorter tape is a simpler case. */
export class Draw {
  readonly #tape: ArrayLike<number>
  #at = 0

  /** Each element of the tape is an integer from 0 to 65,535. */
  constructor(tape: ArrayLike<number>) {
    this.#tape = tape
  }

  /** An integer from 0 to `of` - 1. */
  below(of: number): number {
    const next = this.#tape[this.#at++]
    return next === undefined ? 0 : next % of
  }

  /** True once in so many times. */
  oneIn(of: number): boolean {
    return this.below(of) === of - 1
  }

  /** One of these. The first is the simplest. */
  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!
  }

  /** From `least` to `most` things. */
  many<T>(least: number, most: number, make: (at: number) => T): T[] {
    const count = least + this.below(most - least + 1)
    return Array.from({ length: count }, (_, at) => make(at))
  }

  /** Each of these, or not. */
  some<T>(from: readonly T[]): T[] {
    return from.filter(() => this.below(2) === 1)
  }
}
