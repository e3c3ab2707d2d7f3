// Holds the index of registrations: which of them the selectors of a workload satisfy, in a handful of look-ups.

import type { Registration } from '../../store/rows/registration.ts'

/** Facts of a workload, as far as registrations look at them. */
export interface Selectable {
  readonly attestor: string
  readonly source: string
  readonly selectors: readonly string[]
}

/**
 * Registrations by one of their selectors: the one that the fewest share when it is added. A workload's selectors are few, so a
 * match looks at the registrations under each of them and no others.
 */
export class RegistrationIndex {
  readonly #under = new Map<string, Set<Registration>>()
  readonly #keyOf = new Map<string, string>()

  add(registration: Registration): void {
    const keys = registration.selectors.map((selector) => keyed(registration, selector))
    const size = (key: string): number => this.#under.get(key)?.size ?? 0
    const [key] = keys.sort((a, b) => size(a) - size(b))
    if (key === undefined) throw new TypeError('a registration without selectors')
    const under = this.#under.get(key) ?? new Set()
    under.add(registration)
    this.#under.set(key, under)
    this.#keyOf.set(registration.id, key)
  }

  remove(registration: Registration): void {
    const key = this.#keyOf.get(registration.id) ?? ''
    const under = this.#under.get(key)
    for (const one of under ?? []) if (one.id === registration.id) under?.delete(one)
    if (under?.size === 0) this.#under.delete(key)
    this.#keyOf.delete(registration.id)
  }

  /** Every registration all of whose selectors the workload has. */
  matching(workload: Selectable): readonly Registration[] {
    const has = new Set(workload.selectors)
    return workload.selectors.flatMap((selector) =>
      [...(this.#under.get(keyed(workload, selector)) ?? [])].filter((one) =>
        one.selectors.every((each) => has.has(each)),
      ),
    )
  }
}

function keyed(
  of: { readonly attestor: string; readonly source: string },
  selector: string,
): string {
  // No name holds a space.
  return `${of.attestor} ${of.source} ${selector}`
}
