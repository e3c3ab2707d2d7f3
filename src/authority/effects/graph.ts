// Holds the graph of what actions set off, and its closure: everything that one call could lead to.

import { EFFECTS, type Effect } from '../../wire/effect.ts'
import type { SystemDefinition } from '../../wire/system.ts'

/** What a call of one action would set off, besides itself. */
export interface SetOff {
  /** The actions that it triggers, and theirs, `<system>/<action>`, sorted; itself is not among them. */
  readonly triggers: readonly string[]
  /** Effect labels of all of those, in the order of the labels. */
  readonly triggered: readonly Effect[]
}

const NOTHING: SetOff = { triggers: [], triggered: [] }

/** Names held over all closures in memory; beyond, they are computed anew. A bound, not a measure. */
const CACHED_NAMES = 500_000

/** Actions, their effects, and what leads from one to another. Cycles are fine. */
export class EffectGraph {
  #effects = new Map<string, readonly Effect[]>()
  #declared = new Map<string, readonly string[]>()
  readonly #learned = new Map<string, Set<string>>()
  readonly #closures = new Map<string, SetOff>()
  #names = 0

  /** Puts the pinned systems in place of those before. */
  put(systems: readonly SystemDefinition[]): void {
    this.#effects = new Map()
    this.#declared = new Map()
    for (const { name: system, actions } of systems) {
      for (const { name, effects, triggers } of actions) {
        this.#effects.set(`${system}/${name}`, effects)
        if (triggers !== undefined) this.#declared.set(`${system}/${name}`, triggers)
      }
    }
    this.#forget()
  }

  /** Adds an edge that was learned. */
  learn(from: string, to: string): void {
    const known = this.#learned.get(from) ?? new Set()
    if (known.has(to)) return
    this.#learned.set(from, known.add(to))
    this.#forget()
  }

  /** Takes a learned edge away. What was declared stays. */
  unlearn(from: string, to: string): void {
    const known = this.#learned.get(from)
    if (known?.delete(to) !== true) return
    if (known.size === 0) this.#learned.delete(from)
    this.#forget()
  }

  /** What an action leads to at once: what a person declared, then what was learned. */
  next(id: string): readonly string[] {
    return [...(this.#declared.get(id) ?? []), ...(this.#learned.get(id) ?? [])]
  }

  /** Everything that a call of an action could lead to. An action that is not pinned, or not labelled, counts as every effect. */
  of(id: string): SetOff {
    if (!this.#declared.has(id) && !this.#learned.has(id)) return NOTHING
    const held = this.#closures.get(id)
    if (held !== undefined) return held
    const found = this.#closure(id)
    this.#names += found.triggers.length + 1
    if (this.#names > CACHED_NAMES) this.#forget()
    else this.#closures.set(id, found)
    return found
  }

  #closure(id: string): SetOff {
    const seen = new Set<string>([id])
    const open = [id]
    const labels = new Set<Effect>()
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const to of this.next(at)) {
        if (seen.has(to)) continue
        seen.add(to)
        open.push(to)
        const own = this.#effects.get(to) ?? []
        for (const label of own.length === 0 ? EFFECTS : own) labels.add(label)
      }
    }
    seen.delete(id)
    return { triggers: [...seen].sort(), triggered: EFFECTS.filter((label) => labels.has(label)) }
  }

  #forget(): void {
    this.#closures.clear()
    this.#names = 0
  }
}
