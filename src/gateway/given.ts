// Holds what each instance was given lately: the calls whose answers, and the questions of systems, that went on to it.

/** Instances that are remembered, the longest silent first to go, and what is remembered of each. */
const INSTANCES = 4_096
const EACH = 16

/** Something that an instance was given. */
export interface Given {
  /** The answer of a tool, or the question of a system. */
  readonly by: 'tool' | 'system'
  /** Id of the call whose answer it was, or in whose course it was asked. */
  readonly call: string
}

/** What instances were given in this process: evidence for the record, and for nothing else. */
export class GivenLately {
  readonly #of = new Map<string, Given[]>()

  /** Remembers one; the instance that was given something last stands last. */
  note(instance: string, given: Given): void {
    const list = this.#of.get(instance) ?? []
    this.#of.delete(instance)
    if (this.#of.size >= INSTANCES) {
      const oldest = this.#of.keys().next()
      if (oldest.done === false) this.#of.delete(oldest.value)
    }
    this.#of.set(instance, list)
    if (list.length >= EACH) list.shift()
    list.push(given)
  }

  /** What it was given last. */
  last(instance: string): Given | undefined {
    return this.#of.get(instance)?.at(-1)
  }

  /** True where it was given the answer of this call, as far as is remembered. */
  had(instance: string, call: string): boolean {
    return this.#of.get(instance)?.some((one) => one.call === call) ?? false
  }
}
