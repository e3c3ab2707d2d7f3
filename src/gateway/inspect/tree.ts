// Holds the look at a JSON tree: every text, key and number of it, and the content that MCP results are made of.

import { JsonNumber, type Json, type JsonObject } from '../../std/json.ts'
import { isBase64, lookAtBase64 } from './binary.ts'
import { lookAt, type TextLook } from './text.ts'

/** Digits from which a number can be what a detector looks for, or a secret. */
const NUMBER_DIGITS = 6

/** Walks one tree. The same tree comes back where nothing in it was changed; nothing is copied before that. */
export class TreeLook {
  readonly #look: TextLook
  readonly #path: (string | number)[] = []
  readonly #pointer = (): string =>
    this.#path
      .map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`)
      .join('')

  constructor(look: TextLook) {
    this.#look = look
  }

  at<T extends Json>(value: T): T {
    return this.#value(value) as T
  }

  #value(value: Json): Json {
    if (typeof value === 'string') return this.#text(value)
    if (typeof value === 'number') return this.#number(value, String(value))
    if (value === null || typeof value === 'boolean') return value
    if (value instanceof JsonNumber) return this.#number(value, value.text)
    return Array.isArray(value) ? this.#array(value) : this.#object(value)
  }

  #text(text: string): string {
    if (text === '') return text
    const { terms, finding } = this.#look
    if (terms.maxBytes !== Infinity) finding.measure(Buffer.byteLength(text), terms.maxBytes)
    return lookAt(text, this.#look, this.#pointer)
  }

  /** A number in which something was found becomes the text that is left of it. */
  #number<T extends Json>(value: T, digits: string): T | string {
    if (digits.length < NUMBER_DIGITS) return value
    const seen = lookAt(digits, this.#look, this.#pointer)
    return seen === digits ? value : seen
  }

  #array(list: Json[]): Json[] {
    let out: Json[] | undefined
    for (let at = 0; at < list.length; at += 1) {
      this.#path.push(at)
      const seen = this.#value(list[at]!)
      this.#path.pop()
      if (out === undefined && seen !== list[at]) out = list.slice(0, at)
      out?.push(seen)
    }
    return out ?? list
  }

  #object(tree: JsonObject): JsonObject {
    const bytes = binaryKey(tree)
    let out: JsonObject | undefined
    for (const key in tree) {
      const value = tree[key]!
      const name = this.#text(key)
      // A place is never named by what was taken out of a key.
      this.#path.push(name)
      const seen =
        key === bytes && typeof value === 'string'
          ? lookAtBase64(value, typeOf(tree), this.#look, this.#pointer)
          : this.#value(value)
      this.#path.pop()
      if (out === undefined && (seen !== value || name !== key)) out = before(tree, key)
      if (out !== undefined) out[free(out, name)] = seen
    }
    return out ?? tree
  }
}

function before(tree: JsonObject, end: string): JsonObject {
  const out = Object.create(null) as JsonObject
  for (const key in tree) {
    if (key === end) break
    out[key] = tree[key]!
  }
  return out
}

/** A name that is not taken: two keys that differ only in what was taken out stay two. */
function free(tree: JsonObject, name: string): string {
  let to = name
  for (let count = 2; to in tree; count += 1) to = `${name} (${count})`
  return to
}

/** The key under which an object of MCP's holds bytes: `data` of images and audio, `blob` of resources (schema: ImageContent, …). */
function binaryKey(tree: JsonObject): string | undefined {
  const { type, data, blob } = tree
  if (typeof data === 'string' && (type === 'image' || type === 'audio')) {
    return isBase64(data) ? 'data' : undefined
  }
  return typeof blob === 'string' && typeof tree['uri'] === 'string' && isBase64(blob)
    ? 'blob'
    : undefined
}

function typeOf(tree: JsonObject): string | undefined {
  const { mimeType } = tree
  return typeof mimeType === 'string' ? mimeType : undefined
}
