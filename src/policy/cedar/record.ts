// Holds the two ways in which a record's attributes come to be: all at once, or each when a policy first reads it.

import { CedarRecord, type Value } from './value.ts'

/** A record whose attributes are all there. */
export class PlainRecord extends CedarRecord {
  readonly #attributes: ReadonlyMap<string, Value>

  constructor(attributes: ReadonlyMap<string, Value>) {
    super()
    this.#attributes = attributes
  }

  get(name: string): Value | undefined {
    return this.#attributes.get(name)
  }

  has(name: string): boolean {
    return this.#attributes.has(name)
  }

  entries(): Iterable<readonly [string, Value]> {
    return this.#attributes
  }
}

/** The record without attributes. */
export const EMPTY: CedarRecord = new PlainRecord(new Map())

/** A record whose attributes are made when they are read, and once each. */
export class LazyRecord extends CedarRecord {
  readonly #makers: ReadonlyMap<string, () => Value>
  readonly #made = new Map<string, Value>()

  /** What a maker throws is what reading the attribute throws. */
  constructor(makers: ReadonlyMap<string, () => Value>) {
    super()
    this.#makers = makers
  }

  get(name: string): Value | undefined {
    const made = this.#made.get(name)
    if (made !== undefined) return made
    const value = this.#makers.get(name)?.()
    if (value !== undefined) this.#made.set(name, value)
    return value
  }

  has(name: string): boolean {
    return this.#makers.has(name)
  }

  *entries(): Iterable<readonly [string, Value]> {
    for (const name of this.#makers.keys()) yield [name, this.get(name)!]
  }
}
