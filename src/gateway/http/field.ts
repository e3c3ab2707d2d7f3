// Holds fields of queries and forms: read into values and written from them, in one way for each style.

import { utf8 } from '../../std/bytes.ts'
import { isObject, parseJson, stringifyJson, type Json, type JsonObject } from '../../std/json.ts'
import type { HttpField } from '../../wire/http-binding.ts'
import { gatewayFault } from '../faults.ts'
import { decodeOnce, encode } from './percent.ts'
import { readScalar, writeScalar } from './scalar.ts'

/** Pairs of one query or form. */
const MAX_PAIRS = 1_000

const DELIMITERS: Readonly<Record<string, string>> = {
  simple: ',',
  form: ',',
  spaceDelimited: ' ',
  pipeDelimited: '|',
}

/** Texts by name, in the order in which they came. */
export type Pairs = Map<string, string[]>

/**
 * The pairs of a query or a form (WHATWG URL §5.1): `+` is a space, and a name without `=` has no text. Throws `http.parameter` where an
 * escape is broken.
 */
export function readPairs(text: string): Pairs {
  const pairs: Pairs = new Map()
  if (text === '') return pairs
  const parts = text.split('&')
  if (parts.length > MAX_PAIRS) throw refuse(`there are more than ${MAX_PAIRS} parameters`)
  for (const part of parts) {
    if (part === '') continue
    const [name, value] = halves(part)
    const list = pairs.get(name)
    if (list === undefined) pairs.set(name, [value])
    else list.push(value)
  }
  return pairs
}

function halves(part: string): [name: string, value: string] {
  const mark = part.indexOf('=')
  const name = mark < 0 ? part : part.slice(0, mark)
  const value = mark < 0 ? '' : part.slice(mark + 1)
  return [decoded(name), decoded(value)]
}

function decoded(text: string): string {
  const plain = decodeOnce(text.replaceAll('+', ' '))
  if (plain === undefined) throw refuse('an escape is broken, or stands for a control character')
  return plain
}

/** The values of fields, and of nothing else: a name that no field has is refused. Throws `http.parameter`. */
export function readFields(pairs: Pairs, fields: readonly HttpField[]): JsonObject {
  const left = new Map(pairs)
  const out = Object.create(null) as JsonObject
  for (const field of fields) {
    const value = readField(left, field)
    if (value !== undefined) out[field.name] = value
  }
  const [unknown] = left.keys()
  if (unknown === undefined) return out
  throw refuse(`the operation has no parameter ${quoted(unknown)}`)
}

function readField(left: Pairs, { explode, name, shape, style }: HttpField): Json | undefined {
  if (shape.kind === 'record') {
    const deep = style === 'deepObject'
    const out = Object.create(null) as JsonObject
    for (const [member, of] of Object.entries(shape.members)) {
      const text = one(left, deep ? `${name}[${member}]` : member)
      if (text !== undefined) out[member] = readScalar(text, of)
    }
    return Object.keys(out).length === 0 ? undefined : out
  }
  if (shape.kind === 'list' && explode) {
    const texts = left.get(name)
    left.delete(name)
    return texts?.map((text) => readScalar(text, shape.of))
  }
  const text = one(left, name)
  return text === undefined ? undefined : readText(text, { name, shape, style, explode })
}

function one(left: Pairs, name: string): string | undefined {
  const texts = left.get(name)
  left.delete(name)
  if (texts !== undefined && texts.length > 1) throw refuse(`${quoted(name)} is given twice`)
  return texts?.[0]
}

/** The value of one text. What delimits a list does so wherever it stands: no element ever holds it. Throws `http.parameter`. */
export function readText(text: string, { name, shape, style }: HttpField): Json {
  if (shape.kind === 'scalar') return readScalar(text, shape.of)
  if (shape.kind === 'list') {
    return text.split(DELIMITERS[style] ?? ',').map((part) => readScalar(part, shape.of))
  }
  if (shape.kind === 'json') return parseJson(utf8(text))
  throw refuse(`${quoted(name)} cannot be read from a text`)
}

/** Pairs as they are sent, from the decided values. */
export function writePairs(values: Json | undefined, fields: readonly HttpField[]): string {
  const parts: string[] = []
  const put = (name: string, text: string) => parts.push(`${encode(name)}=${encode(text)}`)
  for (const field of fields) {
    const { explode, name, shape, style } = field
    const value = isObject(values) ? values[name] : undefined
    if (value === undefined) continue
    if (shape.kind === 'record' && isObject(value)) {
      for (const [member, inner] of Object.entries(value)) {
        put(style === 'deepObject' ? `${name}[${member}]` : member, writeScalar(inner))
      }
    } else if (shape.kind === 'list' && explode && Array.isArray(value)) {
      for (const entry of value) put(name, writeScalar(entry))
    } else parts.push(`${encode(name)}=${writeText(value, field)}`)
  }
  return parts.join('&')
}

/** One value as encoded text; between elements stands the delimiter as URLs have it. */
export function writeText(value: Json, { shape, style }: HttpField): string {
  if (shape.kind === 'list' && Array.isArray(value)) {
    const delimiter = DELIMITERS[style] ?? ','
    const between = delimiter === ',' ? ',' : encode(delimiter)
    return value.map((entry) => encode(writeScalar(entry))).join(between)
  }
  return encode(shape.kind === 'json' ? stringifyJson(value) : writeScalar(value))
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 64))
}

function refuse(detail: string) {
  return gatewayFault('http.parameter', detail)
}
