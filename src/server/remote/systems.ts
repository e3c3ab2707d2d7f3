// Holds the systems of a gateway as control told of them: assigned to it, and as people pinned them.

import type { SystemPort } from '../../gateway/ports.ts'
import type { LinkSystem } from '../../wire/link.ts'
import type { SystemDefinition } from '../../wire/system.ts'

/** The systems of a gateway. */
export class RemoteSystems implements SystemPort {
  readonly #systems = new Map<string, LinkSystem>()
  #all: readonly SystemDefinition[] = []

  get(name: string): SystemDefinition | undefined {
    return this.#systems.get(name)?.definition
  }

  environmentOf(name: string): string {
    return this.#systems.get(name)?.environment ?? 'default'
  }

  all(): readonly SystemDefinition[] {
    return this.#all
  }

  /** True for an action that is labelled as one that reads, and nothing else. */
  reads(system: string, action: string): boolean {
    const effects = this.get(system)?.actions.find(({ name }) => name === action)?.effects
    return effects?.length === 1 && effects[0] === 'read'
  }

  /** What control holds now, in place of what was known. What is as it was stays the same object. */
  replace(systems: readonly LinkSystem[]): void {
    const before = new Map(this.#systems)
    this.#systems.clear()
    for (const system of systems) {
      const { name } = system.definition
      const known = before.get(name)
      const same =
        known?.definition.digest === system.definition.digest &&
        known.environment === system.environment
      this.#systems.set(name, same ? known : system)
    }
    this.#list()
  }

  /** One that was pinned anew, or first. */
  change(system: LinkSystem): void {
    this.#systems.set(system.definition.name, system)
    this.#list()
  }

  #list(): void {
    this.#all = [...this.#systems.values()]
      .map(({ definition }) => definition)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }
}
