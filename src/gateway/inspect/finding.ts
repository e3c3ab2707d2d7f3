// Holds what an inspection has found: counts by kind, and labels by place; never what was found.

import type { JsonObject } from '../../std/json.ts'
import { deny, type Denial } from '../denial.ts'
import type { SpanKind } from './span.ts'
import { UNTRUSTED, type Terms } from './terms.ts'

/** What was done besides taking out what policy can name. */
export type Deed = SpanKind | 'hidden' | 'links' | 'content'

/** Places that are named one by one; what is beyond them is named as a whole. */
const PLACES = 100

/** Words of the protocol, which may stand in a record; other names in an answer are its content. */
const WORDS = new Set(
  'content contents messages text structuredContent resource resources blob data uri description completion values message'.split(
    ' ',
  ),
)

/** A place as a record names it: the protocol's own words, and `*` for everything else. */
function place(pointer: string): string {
  const parts = pointer.split('/').slice(1, 8)
  return parts.map((part) => `/${WORDS.has(part) ? part : '*'}`).join('')
}

/** Labels of what detectors found, where it was passed on. */
function labelOf(kind: SpanKind): string {
  return kind === 'own' || kind === 'secrets' ? 'secret' : 'pii'
}

/** What is known of where an answer came from, and what is in it: information for whoever reads it, never a right. */
export interface Said {
  /** `system`: nobody said more than that the system answered; `untrusted`: somebody said that outsiders may have written it. */
  readonly trust: 'system' | 'untrusted'
  readonly labels: readonly string[]
  /** Labels of single fields, by JSON pointer (RFC 6901). */
  readonly fields: Readonly<Record<string, readonly string[]>>
}

/** What one inspection has found so far. */
export class Finding {
  readonly #terms: Terms
  readonly #counts = new Map<string, number>()
  readonly #labels: Set<string>
  readonly #fields = new Map<string, Set<string>>()
  #untrusted: boolean
  #refused: Denial | undefined
  #bytes = 0

  constructor(terms: Terms) {
    this.#terms = terms
    this.#labels = new Set(terms.labels)
    this.#untrusted = terms.untrusted
  }

  /** Why nothing more of the answer may be seen; undefined: it may. */
  get refused(): Denial | undefined {
    return this.#refused
  }

  /** Refuses the answer. The first reason stays. */
  refuse(denial: Denial): void {
    this.#refused ??= denial
  }

  /** Counts bytes of the answer against the most that it may have. */
  measure(bytes: number, most: number): void {
    this.#bytes += bytes
    const limit = Math.min(most, this.#terms.maxBytes)
    if (this.#bytes > limit) {
      this.refuse(deny('inspect.too_large', `the answer is larger than ${limit} bytes`))
    }
  }

  /** Counts what was done. */
  did(what: Deed, count: number): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + count)
  }

  /** What was found and is passed on is known of its place and of the whole. */
  passes(kind: SpanKind, pointer: () => string): void {
    this.did(kind, 1)
    this.label(labelOf(kind), pointer)
  }

  /** Labels a place. */
  label(label: string, pointer: () => string): void {
    this.#labels.add(label)
    const at = pointer()
    const there = this.#fields.get(at)
    if (there !== undefined) there.add(label)
    else if (this.#fields.size < PLACES) this.#fields.set(at, new Set([label]))
  }

  /** Somebody said that outsiders may have written it. There is no way back. */
  distrust(): void {
    this.#untrusted = true
    this.#labels.add(UNTRUSTED)
  }

  get labels(): readonly string[] {
    return [...this.#labels].sort()
  }

  /** For whoever reads the answer; undefined where there is nothing to say. */
  said(): Said | undefined {
    if (this.#labels.size === 0 && !this.#untrusted) return undefined
    return {
      trust: this.#untrusted ? 'untrusted' : 'system',
      labels: this.labels,
      fields: Object.fromEntries([...this.#fields].map(([at, of]) => [at, [...of].sort()])),
    }
  }

  /** For the outcome record: what was done and how often, what was labelled and in how many places; nothing that stood there. */
  facts(): JsonObject {
    const counts = [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1))
    const fields: Record<string, number> = {}
    for (const at of this.#fields.keys()) fields[place(at)] = (fields[place(at)] ?? 0) + 1
    return {
      ...(counts.length > 0 && { inspected: Object.fromEntries(counts) }),
      ...(this.#untrusted && { trust: UNTRUSTED }),
      ...(this.#fields.size > 0 && { labelled: fields }),
    }
  }
}
