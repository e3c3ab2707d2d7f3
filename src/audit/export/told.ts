// Holds what people were told lately, so that a batch that is sent again tells them nothing twice.

const MOST = 1_024

/** Leaf hashes; lost in a restart, after which something may be told once more. */
export class Told {
  readonly #leaves = new Set<string>()

  has(leaf: string): boolean {
    return this.#leaves.has(leaf)
  }

  add(leaf: string): void {
    const [oldest] = this.#leaves
    if (this.#leaves.size >= MOST && oldest !== undefined) this.#leaves.delete(oldest)
    this.#leaves.add(leaf)
  }
}
