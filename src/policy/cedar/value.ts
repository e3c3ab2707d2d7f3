// Holds the values that expressions have while they are evaluated, and when two of them are equal (Cedar: `==`, sets).

import { DateTime, Duration } from './datetime.ts'
import { Decimal } from './decimal.ts'
import { IpAddr } from './ipaddr.ts'
import { Uid } from './uid.ts'

/** A value of an extension type. */
export type Extension = Decimal | IpAddr | DateTime | Duration

/** A value. Longs are bigints: no integer is ever a double here. */
export type Value = boolean | bigint | string | Uid | CedarSet | CedarRecord | Extension

/** Sets of this many elements are searched one by one before an index is made. */
const SMALL = 8

/** A set: without order, without doubles, its elements found by their keys. */
export class CedarSet {
  /** As they were given; equal ones may stand twice. */
  readonly elements: readonly Value[]
  #keys: ReadonlySet<string> | undefined

  constructor(elements: readonly Value[]) {
    this.elements = elements
  }

  /** The keys of the elements: made once, when first needed. */
  keys(): ReadonlySet<string> {
    return (this.#keys ??= new Set(this.elements.map(keyOf)))
  }

  has(value: Value): boolean {
    if (typeof value !== 'object' && this.elements.length <= SMALL) {
      return this.elements.includes(value)
    }
    return this.keys().has(keyOf(value))
  }

  equals(other: CedarSet): boolean {
    const mine = this.keys()
    const theirs = other.keys()
    return mine.size === theirs.size && every(theirs, (key) => mine.has(key))
  }

  holdsAll(other: CedarSet): boolean {
    const mine = this.keys()
    return every(other.keys(), (key) => mine.has(key))
  }

  holdsAny(other: CedarSet): boolean {
    const mine = this.keys()
    return !every(other.keys(), (key) => !mine.has(key))
  }
}

function every(keys: Iterable<string>, holds: (key: string) => boolean): boolean {
  for (const key of keys) if (!holds(key)) return false
  return true
}

/** A record: attributes by name. Subclasses say how the attributes come to be. */
export abstract class CedarRecord {
  /** The value of an attribute; undefined where there is none. */
  abstract get(name: string): Value | undefined
  abstract has(name: string): boolean
  abstract entries(): Iterable<readonly [string, Value]>
}

/** The type of a value in Cedar's words, for messages. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'long'
    case 'string':
      return 'string'
    default:
      if (value instanceof Uid) return `(entity of type \`${value.type}\`)`
      if (value instanceof CedarSet) return 'set'
      return value instanceof CedarRecord ? 'record' : value.name
  }
}

/** A text with its length before it: one after the other they are read in one way only. Quoting would double with every level. */
function framed(text: string): string {
  return `${text.length}:${text}`
}

/**
 * A text that is equal for equal values and for no others. Types never mix: each begins with a letter of its own, and
 * whatever holds others says how long they are.
 */
function keyOf(value: Value): string {
  switch (typeof value) {
    case 'boolean':
      return value ? 't' : 'f'
    case 'bigint':
      return `l${value}`
    case 'string':
      return `s${value}`
    default:
      if (value instanceof Uid) return `e${value.key}`
      if (value instanceof CedarSet) return `[${[...value.keys()].sort().map(framed).join('')}`
      if (value instanceof CedarRecord) {
        const entries = Array.from(
          value.entries(),
          ([name, inner]) => [name, keyOf(inner)] as const,
        )
        entries.sort(([a], [b]) => (a < b ? -1 : 1))
        return `{${entries.map(([name, key]) => framed(name) + framed(key)).join('')}`
      }
      return `x${value.key}`
  }
}

/** Cedar's `==`: values of different types are not equal, and that is no error. */
export function equal(a: Value, b: Value): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object') return false
  if (a instanceof Uid) return b instanceof Uid && a.key === b.key
  if (a instanceof CedarSet) return b instanceof CedarSet && a.equals(b)
  if (a instanceof CedarRecord) return b instanceof CedarRecord && keyOf(a) === keyOf(b)
  return a.constructor === b.constructor && a.key === (b as Extension).key
}
