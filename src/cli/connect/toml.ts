// Holds configuration files in TOML: parsed by the library, changed by cutting and putting whole statements of the text.

import { parse, TomlError } from 'smol-toml'
import type { Json, JsonObject } from '../../std/json.ts'
import {
  changed,
  sameTree,
  type ConfigDocument,
  type Entry,
  type EntryChange,
  type Place,
} from './document.ts'
import { fault } from './faults.ts'
import { tomlSpans, type Span } from './toml-spans.ts'

/** A piece of the text that goes, and what comes in its place. */
interface Cut {
  readonly start: number
  readonly end: number
  readonly put: string
}

function parsed(text: string): Record<string, unknown> {
  try {
    return parse(text)
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause
    // The library's words quote the lines around it.
    const { line, column } = cause
    throw fault('connect.syntax', `the file is no TOML at line ${line}, column ${column}`)
  }
}

function jsonOf(value: unknown): Json {
  if (Array.isArray(value)) return value.map(jsonOf)
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null || value instanceof Date) {
    return value instanceof Date ? value.toISOString() : (value as Json)
  }
  const out = Object.create(null) as JsonObject
  for (const [name, member] of Object.entries(value)) {
    if (name === '__proto__')
      throw fault('connect.syntax', 'the file has a key that programs misread')
    out[name] = jsonOf(member)
  }
  return out
}

function at(tree: unknown, place: Place): unknown {
  let value = tree
  for (const key of place) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}

function within(place: Place, path: readonly string[]): boolean {
  return path.length >= place.length && place.every((key, index) => path[index] === key)
}

function tomlKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key)
}

function tomlValue(value: string | readonly string[]): string {
  // JSON's strings are TOML's basic strings, but for DEL.
  const text = (one: string): string => JSON.stringify(one).replaceAll('\u007f', '\\u007f')
  return typeof value === 'string' ? text(value) : `[${value.map(text).join(', ')}]`
}

function applied(text: string, cuts: readonly Cut[]): string {
  let out = text
  for (const { start, end, put } of [...cuts].sort((a, b) => b.start - a.start)) {
    out = out.slice(0, start) + put + out.slice(end)
  }
  return out
}

/** Statements and headers of one entry that speak of any of these keys; an inline entry is spoken of as a whole. */
function spansOf(spans: readonly Span[], place: Place, keys: (key: string) => boolean): Span[] {
  return spans.filter(({ kind, path }) => {
    if (!within(place, path)) return false
    const key = path[place.length]
    return key === undefined ? kind === 'statement' : keys(key)
  })
}

/** A file of TOML, without its byte order mark. */
export class TomlDocument implements ConfigDocument {
  readonly #text: string
  readonly #tree: Record<string, unknown>

  /** Throws `connect.syntax` with line and column. */
  constructor(text: string) {
    this.#text = text
    this.#tree = parsed(text)
  }

  entries(containers: readonly Place[]): readonly Entry[] {
    return containers.flatMap((container) => {
      const servers = at(this.#tree, container)
      if (typeof servers !== 'object' || servers === null) return []
      return Object.entries(servers as object).flatMap(([name, value]) => {
        const json = jsonOf(value)
        const isTable = typeof json === 'object' && json !== null && !Array.isArray(json)
        return isTable ? [{ place: [...container, name], value: json as JsonObject }] : []
      })
    })
  }

  rewrite(changes: readonly EntryChange[]): string {
    const spans = tomlSpans(this.#text)
    const cuts = changes.flatMap((change) => this.#cuts(spans, change))
    const expected = changes.map((change): [Place, Json] => [
      change.place,
      changed(this.#entry(change.place) ?? {}, change),
    ])
    return this.#checked(applied(this.#text, cuts), expected)
  }

  restore(earlier: ConfigDocument, places: readonly Place[], keys: ReadonlySet<string>): string {
    if (!(earlier instanceof TomlDocument)) throw new TypeError('a document of another form')
    const mine = tomlSpans(this.#text)
    const old = tomlSpans(earlier.#text)
    const cuts: Cut[] = []
    const expected: [Place, Json][] = []
    for (const place of places) {
      const [was, now] = [earlier.#entry(place), this.#entry(place)]
      if (was === undefined || now === undefined) continue
      const gone = spansOf(mine, place, (key) => keys.has(key))
      const back = spansOf(old, place, (key) => keys.has(key))
      const raw = ({ start, end }: Span): string =>
        ended(earlier.#text.slice(start, end), this.#eol)
      // What stood in the table of the entry comes back where ours stood; its tables come back behind it.
      const depth = back[0]?.depth ?? 0
      const first = back.filter((span) => span.kind === 'statement' && span.depth === depth)
      const rest = back.filter((span) => !first.includes(span))
      cuts.push(...this.#inPlace(gone, first.map(raw).join('')))
      if (rest.length > 0) {
        const end = this.#tableEnd(mine, place)
        cuts.push({ start: end, end, put: `${this.#eol}${rest.map(raw).join('')}` })
      }
      const own = Object.entries(now).filter(([key]) => !keys.has(key))
      const theirs = Object.entries(was).filter(([key]) => keys.has(key))
      const inline = back.some(({ path }) => path.length === place.length)
      expected.push([place, inline ? was : Object.fromEntries([...own, ...theirs])])
    }
    return this.#checked(applied(this.#text, cuts), expected)
  }

  get #eol(): string {
    return this.#text.includes('\r\n') ? '\r\n' : '\n'
  }

  /** The statements that go, ours where the first of them stood. */
  #cuts(spans: readonly Span[], { place, remove, set }: EntryChange): Cut[] {
    const goes = new Set([...remove, ...set.map(([key]) => key)])
    const gone = spansOf(spans, place, (key) => goes.has(key))
    const [first] = gone
    if (first === undefined) throw fault('connect.unsafe', 'an entry of the file cannot be changed')
    if (first.kind === 'statement' && first.path.length === place.length) {
      const key = first.path.slice(first.depth).map(tomlKey).join('.')
      const all = Object.entries(changed(this.#entry(place)!, { place, remove, set }))
      const odd = all.some(([, value]) => typeof value === 'object' && !Array.isArray(value))
      if (odd) throw fault('connect.unsafe', 'an entry in one line has more than can be kept')
      const members = all.map(([name, value]) => `${tomlKey(name)} = ${inline(value)}`)
      return this.#inPlace(gone, `${key} = { ${members.join(', ')} }${this.#eol}`)
    }
    const lead = first.kind === 'header' ? undefined : first
    if (lead === undefined) {
      // Only tables below it speak of what goes: its own comes before them.
      const header = `[${place.map(tomlKey).join('.')}]${this.#eol}`
      return this.#inPlace(gone, header + this.#statements(set, []))
    }
    return this.#inPlace(gone, this.#statements(set, place.slice(lead.depth)))
  }

  #statements(set: EntryChange['set'], prefix: readonly string[]): string {
    return set
      .map(
        ([key, value]) =>
          `${[...prefix, key].map(tomlKey).join('.')} = ${tomlValue(value)}${this.#eol}`,
      )
      .join('')
  }

  /** Cuts the spans and puts a text where the first one was; a header goes with its statements, which are spans themselves. */
  #inPlace(gone: readonly Span[], put: string): Cut[] {
    return gone.map(({ start, end }, index) => ({ start, end, put: index === 0 ? put : '' }))
  }

  /** Behind the last statement of the table that an entry's own statements stand in. */
  #tableEnd(spans: readonly Span[], place: Place): number {
    const own = spans.filter(({ path }) => within(place, path))
    return own.at(-1)?.end ?? this.#text.length
  }

  #entry(place: Place): JsonObject | undefined {
    const value = at(this.#tree, place)
    return typeof value === 'object' && value !== null ? (jsonOf(value) as JsonObject) : undefined
  }

  #checked(text: string, expected: readonly (readonly [Place, Json])[]): string {
    const whole = parsed(this.#text)
    for (const [place, value] of expected) {
      const holder = at(whole, place.slice(0, -1)) as Record<string, unknown>
      holder[place.at(-1)!] = value
    }
    let now: unknown
    try {
      now = parsed(text)
    } catch (cause) {
      throw fault('connect.unsafe', 'an edit of the file would have broken it', cause)
    }
    if (sameTree(now, whole)) return text
    throw fault('connect.unsafe', 'an edit of the file would have changed more than its entries')
  }
}

function ended(text: string, eol: string): string {
  return text.endsWith('\n') ? text : `${text}${eol}`
}

function inline(value: Json): string {
  if (typeof value === 'string') return tomlValue(value)
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`
  return JSON.stringify(value)
}
