// Holds the uses of tools that were permitted and of which nothing was told since: bounded, and each known to its own instance alone.

import type { Permitted } from '../consider.ts'

/** Uses that are remembered; of those before, nothing can be told any more, and their intents stay as they are. */
const MOST = 4_096
const MOST_EACH = 128

/** A use under way. */
interface Use {
  readonly permitted: Permitted
  /** Monotonic ms. */
  readonly began: number
}

/** Uses under way, by instance and by the client's own id. */
export class Uses {
  readonly #of = new Map<string, Map<string, Use>>()
  #count = 0

  /** Remembers one; the oldest of the same instance, or of the longest silent one, gives way. */
  add(instance: string, id: string, use: Use): void {
    const own = this.#of.get(instance) ?? new Map<string, Use>()
    // The instance that spoke last stands last.
    this.#of.delete(instance)
    this.#of.set(instance, own)
    if (own.size >= MOST_EACH) this.#drop(own, instance)
    if (this.#count >= MOST) {
      const [oldest] = this.#of
      if (oldest !== undefined) this.#drop(oldest[1], oldest[0])
    }
    if (!own.has(id)) this.#count++
    own.set(id, use)
    this.#of.set(instance, own)
  }

  /** Takes one out, for the instance that it is of. */
  take(instance: string, id: string): Use | undefined {
    const own = this.#of.get(instance)
    const use = own?.get(id)
    if (own === undefined || use === undefined) return undefined
    own.delete(id)
    this.#count--
    if (own.size === 0) this.#of.delete(instance)
    return use
  }

  #drop(own: Map<string, Use>, instance: string): void {
    const [first] = own.keys()
    if (first === undefined) return
    own.delete(first)
    this.#count--
    if (own.size === 0) this.#of.delete(instance)
  }
}
