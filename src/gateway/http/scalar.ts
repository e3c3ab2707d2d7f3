// Holds the reading of texts as values of the types that an operation names, and their writing.

import { JsonNumber, type Json } from '../../std/json.ts'
import type { HttpScalar } from '../../wire/http-binding.ts'

const INTEGER = /^(?:0|-?[1-9]\d*)$/
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** A number that keeps its digits: a double only where it writes the same text again. */
function exact(text: string): number | JsonNumber {
  const value = Number(text)
  return Number.isFinite(value) && String(value) === text ? value : new JsonNumber(text)
}

/**
 * The value of a text: of the types that it may have, the first that it is. A text that is none of them stays a text, which the schema
 * then refuses.
 */
export function readScalar(text: string, of: readonly HttpScalar[]): Json {
  for (const type of of) {
    if (type === 'integer' && INTEGER.test(text)) return exact(text)
    if (type === 'number' && NUMBER.test(text)) return exact(text)
    if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
    if (type === 'string') return text
  }
  return text
}

/** The text of a value, as it was read. Throws TypeError for what no text can say: the schema had let it pass. */
export function writeScalar(value: Json | undefined): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (value instanceof JsonNumber) return value.text
  throw new TypeError('a value that no text can say')
}
