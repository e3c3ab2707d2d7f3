// Holds the strict JSON reader and its writers: what was read is exactly what is decided, digested and sent (INV-12).

import { isAscii } from 'node:buffer'

import { Fault, faults, type FaultCatalogue } from './fault.ts'

/** A number whose text a double would not give back: `1.0`, `1e5`, `9007199254740993`. */
export class JsonNumber {
  /** The digits exactly as read (RFC 8259 §6). */
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** An object as read: no prototype, keys in the order of the text. */
export interface JsonObject {
  [key: string]: Json
}

/** A JSON value as read. A plain `number` is one whose shortest text is the text that was read. */
export type Json = null | boolean | string | number | JsonNumber | Json[] | JsonObject

/** What a reader accepts. */
export interface JsonLimits {
  /** Bytes of input. */
  readonly bytes: number
  /** Nested arrays and objects. */
  readonly depth: number
  /** Values in all, keys not counted. */
  readonly values: number
  /** `folded` refuses keys that differ only in case or Unicode form, `exact` only equal ones. */
  readonly keys: 'folded' | 'exact'
}

/** What a caller may send: INV-12's one reading. */
export const REQUEST_LIMITS: JsonLimits = {
  bytes: 1_048_576,
  depth: 64,
  values: 100_000,
  keys: 'folded',
}

/** What an upstream may answer: larger, and its data may well hold keys that differ in case. */
export const RESPONSE_LIMITS: JsonLimits = {
  bytes: 16_777_216,
  depth: 128,
  values: 1_000_000,
  keys: 'exact',
}

const NEXT = 'send one JSON document as RFC 8259 defines it'

/** Codes of the reader. */
export const JSON_FAULTS = {
  'json.bytes': { status: 413, next: 'send a smaller body' },
  'json.utf8': { status: 400, next: 'encode the body as UTF-8 without a byte order mark' },
  'json.syntax': { status: 400, next: NEXT },
  'json.depth': { status: 400, next: 'nest arrays and objects less deeply' },
  'json.values': { status: 400, next: 'send fewer values' },
  'json.duplicate_key': { status: 400, next: 'name every key of an object once' },
  'json.ambiguous_key': {
    status: 400,
    next: 'use keys that differ in more than case or Unicode form',
  },
  'json.forbidden_key': { status: 400, next: 'do not use this key' },
  'json.surrogate': { status: 400, next: 'write \\u escapes of surrogates in pairs' },
} as const satisfies FaultCatalogue

const fault = faults(JSON_FAULTS)
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

/** Two keys fold to the same text when a case-blind or form-blind reader would take them for one. */
function fold(key: string): string {
  return key.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC')
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39
}

/** True for a key that folds to itself, so that only its equal folds to the same: `[a-z0-9_$-]*`. */
function isPlain(key: string): boolean {
  for (let at = 0; at < key.length; at++) {
    const c = key.charCodeAt(at)
    const isLetter = c >= 0x61 && c <= 0x7a
    if (!isLetter && !isDigit(c) && c !== 0x5f && c !== 0x2d && c !== 0x24) return false
  }
  return true
}

class Reader {
  readonly text: string
  readonly limits: JsonLimits
  at = 0
  values = 0

  constructor(text: string, limits: JsonLimits) {
    this.text = text
    this.limits = limits
  }

  fail(what: string): Fault {
    return fault('json.syntax', `${what} at character ${this.at}`)
  }

  space(): void {
    for (;;) {
      const c = this.text.charCodeAt(this.at)
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return
      this.at++
    }
  }

  document(): Json {
    this.space()
    const value = this.value(0)
    this.space()
    if (this.at !== this.text.length) throw this.fail('text after the document')
    return value
  }

  value(depth: number): Json {
    if (++this.values > this.limits.values) {
      throw fault('json.values', `more than ${this.limits.values} values`)
    }
    switch (this.text[this.at]) {
      case '{':
        return this.object(this.deeper(depth))
      case '[':
        return this.array(this.deeper(depth))
      case '"':
        return this.string()
      case 't':
        return this.word('true', true)
      case 'f':
        return this.word('false', false)
      case 'n':
        return this.word('null', null)
      default:
        return this.number()
    }
  }

  deeper(depth: number): number {
    if (depth >= this.limits.depth) {
      throw fault('json.depth', `nested deeper than ${this.limits.depth}`)
    }
    return depth + 1
  }

  word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) throw this.fail('no value')
    this.at += word.length
    return value
  }

  number(): number | JsonNumber {
    NUMBER.lastIndex = this.at
    if (!NUMBER.test(this.text)) throw this.fail('no value')
    const text = this.text.slice(this.at, NUMBER.lastIndex)
    this.at = NUMBER.lastIndex
    const value = Number(text)
    return String(value) === text ? value : new JsonNumber(text)
  }

  string(): string {
    const { text } = this
    let out = ''
    let escaped = false
    let from = this.at + 1
    // By code units and not by a regular expression: most strings are shorter than asking one would take.
    for (let at = from; ; at++) {
      const c = text.charCodeAt(at)
      // The controls U+0000 to U+001F have to be escaped (RFC 8259 §7); at the end of the text `c` is NaN.
      if (c !== 0x22 && c !== 0x5c && c >= 0x20) continue
      out = escaped ? out + text.slice(from, at) : text.slice(from, at)
      this.at = at
      if (c === 0x22) break
      if (c !== 0x5c) throw this.fail('unterminated or unescaped string')
      out += this.escape()
      escaped = true
      from = this.at
      at = from - 1
    }
    this.at++
    // What was decoded from UTF-8 is well formed: half of a pair can come from an escape alone.
    if (escaped && !out.isWellFormed()) {
      throw fault('json.surrogate', `lone surrogate in the string before character ${this.at}`)
    }
    return out
  }

  escape(): string {
    const kind = this.text[this.at + 1]
    if (kind === 'u') {
      const digits = this.text.slice(this.at + 2, this.at + 6)
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.fail('bad \\u escape')
      this.at += 6
      return String.fromCharCode(Number.parseInt(digits, 16))
    }
    const plain = kind === undefined ? undefined : ESCAPES[kind]
    if (plain === undefined) throw this.fail('bad escape')
    this.at += 2
    return plain
  }

  array(depth: number): Json[] {
    const out: Json[] = []
    this.at++
    this.space()
    if (this.text[this.at] === ']') {
      this.at++
      return out
    }
    for (;;) {
      this.space()
      out.push(this.value(depth))
      this.space()
      const c = this.text[this.at++]
      if (c === ']') return out
      if (c !== ',') throw this.fail('no comma or end of array')
    }
  }

  object(depth: number): JsonObject {
    const out: JsonObject = Object.create(null) as JsonObject
    let folded: Map<string, string> | undefined
    this.at++
    this.space()
    if (this.text[this.at] === '}') {
      this.at++
      return out
    }
    for (;;) {
      this.space()
      if (this.text[this.at] !== '"') throw this.fail('no key')
      const key = this.string()
      folded = this.checkKey(out, key, folded)
      this.space()
      if (this.text[this.at++] !== ':') throw this.fail('no colon')
      this.space()
      out[key] = this.value(depth)
      this.space()
      const c = this.text[this.at++]
      if (c === '}') return out
      if (c !== ',') throw this.fail('no comma or end of object')
    }
  }

  /** Refuses a key that some reader would confuse with another. Folding starts with the first key that needs it. */
  checkKey(
    seen: JsonObject,
    key: string,
    folded: Map<string, string> | undefined,
  ): Map<string, string> | undefined {
    if (key === '__proto__') throw fault('json.forbidden_key', 'the key `__proto__` is refused')
    if (key in seen) throw fault('json.duplicate_key', `the key \`${shown(key)}\` stands twice`)
    if (this.limits.keys === 'exact' || (folded === undefined && isPlain(key))) return folded
    const forms =
      folded ??
      new Map(Object.keys(seen).map((earlier): [string, string] => [fold(earlier), earlier]))
    const form = fold(key)
    const twin = forms.get(form)
    if (twin !== undefined) {
      throw fault(
        'json.ambiguous_key',
        `the keys \`${shown(twin)}\` and \`${shown(key)}\` differ only in case or Unicode form`,
      )
    }
    return forms.set(form, key)
  }
}

function shown(key: string): string {
  return JSON.stringify(key.slice(0, 64)).slice(1, -1)
}

/**
 * Reads one JSON document from bytes, strictly: UTF-8 without a mark, no duplicate or confusable keys, no lone
 * surrogates, bounded in bytes, depth and count, numbers as exact text.
 * Throws a Fault of JSON_FAULTS; nothing else.
 */
export function parseJson(bytes: Uint8Array, limits: JsonLimits = REQUEST_LIMITS): Json {
  if (bytes.byteLength > limits.bytes) {
    throw fault('json.bytes', `${bytes.byteLength} bytes, at most ${limits.bytes} are read`)
  }
  return new Reader(decode(bytes), limits).document()
}

function decode(bytes: Uint8Array): string {
  // Most documents are ASCII, which needs no decoder: a third of the time that reading a call takes.
  if (isAscii(bytes)) {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  }
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch (cause) {
    throw fault('json.utf8', 'the body is not UTF-8', cause)
  }
  if (text.charCodeAt(0) === 0xfeff)
    throw fault('json.utf8', 'the body starts with a byte order mark')
  return text
}

/** Narrows to an object as read by the reader. */
export function isObject(value: Json | undefined): value is JsonObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof JsonNumber)
  )
}

/** The text that a value is; empty for anything else. */
export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

/** Writes a value in the order in which it was read. Undefined properties are left out, as JSON.stringify does. */
export function stringifyJson(value: Json): string {
  return write(value, false)
}

/**
 * Canonical JSON (RFC 8785): keys by UTF-16 code units, no space. Beyond the RFC, a number that a double would change keeps
 * its exact text, so that two arguments are equal only where every reader takes them as equal.
 */
export function canonicalJson(value: Json): string {
  const inOrder = ordered(value)
  return inOrder === undefined ? write(value, true) : JSON.stringify(inOrder)
}

/** Keys of an object that are sorted here; one with more of them is written as `write` does. */
const FEW_KEYS = 32

/**
 * A tree with its keys in order, so that JSON.stringify, which takes half the time, says it as `write` does: itself where they
 * are. Undefined where it would not: for a number that is kept as text or that JSON cannot say, and for keys that an object
 * puts elsewhere or does not take.
 */
function ordered(value: Json): Json | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof JsonNumber) return undefined
  let out = value
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const entry = ordered(value[i]!)
      if (entry === undefined) return undefined
      if (entry === value[i]) continue
      if (out === value) out = [...value]
      ;(out as Json[])[i] = entry
    }
    return out
  }
  if (!isInOrder(value)) return reordered(value)
  for (const key in value) {
    if (value[key] === undefined) continue
    const entry = ordered(value[key])
    if (entry === undefined || !isPut(key)) return undefined
    if (entry === value[key]) continue
    if (out === value) out = { ...value }
    ;(out as JsonObject)[key] = entry
  }
  return out
}

/** Whether the keys of an object stand in order; without a list of them, since most do. */
function isInOrder(value: JsonObject): boolean {
  let before = ''
  for (const key in value)
    if (key < before) return false
    else before = key
  return true
}

function reordered(value: JsonObject): JsonObject | undefined {
  const keys = Object.keys(value)
  if (keys.length > FEW_KEYS) return undefined
  const out: JsonObject = {}
  for (const key of sort(keys)) {
    const entry = value[key] === undefined ? null : ordered(value[key])
    if (entry === undefined || !isPut(key)) return undefined
    if (value[key] !== undefined) out[key] = entry
  }
  return out
}

/** Whether an object takes this key, and at its place. */
function isPut(key: string): boolean {
  return key !== '__proto__' && !isDigit(key.charCodeAt(0))
}

/** Sorts a few keys in place, by their UTF-16 code units. */
function sort(keys: string[]): string[] {
  for (let i = 1; i < keys.length; i++) {
    const key = keys[i]!
    let at = i
    for (; at > 0 && keys[at - 1]! > key; at--) keys[at] = keys[at - 1]!
    keys[at] = key
  }
  return keys
}

/** Printable ASCII without what JSON escapes: most texts and nearly all keys, written without asking the library. */
const UNESCAPED = /^[ !#-[\]-~]*$/

function quote(text: string): string {
  return UNESCAPED.test(text) ? `"${text}"` : JSON.stringify(text)
}

function write(value: Json | undefined, sorted: boolean): string {
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('a number that JSON cannot say')
    return Object.is(value, -0) ? '0' : String(value)
  }
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (value instanceof JsonNumber) return value.text
  if (Array.isArray(value)) {
    let out = '['
    for (let i = 0; i < value.length; i++) out += (i === 0 ? '' : ',') + write(value[i], sorted)
    return `${out}]`
  }
  const keys = Object.keys(value)
  if (sorted) keys.sort()
  let out = '{'
  for (const key of keys) {
    const entry = value[key]
    if (entry === undefined) continue
    out += `${out === '{' ? '' : ','}${quote(key)}:${write(entry, sorted)}`
  }
  return `${out}}`
}
