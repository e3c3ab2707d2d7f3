// Holds the headers of a request that are inputs of its operation: only those that it declares, each once.

import type { IncomingMessage } from 'node:http'
import { stringifyJson, type JsonObject, type Json, isObject } from '../../std/json.ts'
import type { HttpField } from '../../wire/http-binding.ts'
import { gatewayFault } from '../faults.ts'
import { readText } from './field.ts'
import { writeScalar } from './scalar.ts'

/** RFC 9110 §5.5: visible ASCII, spaces and tabs. */
const VALUE = /^[\t\x20-\x7e]*$/

/** The one text of a header; undefined where there is none. Throws `http.parameter` where it came twice, or is not ASCII. */
export function headerOnce(request: IncomingMessage, name: string): string | undefined {
  const [value, ...more] = request.headersDistinct[name] ?? []
  if (value === undefined) return undefined
  if (more.length > 0) throw gatewayFault('http.parameter', `the header ${name} came twice`)
  if (!VALUE.test(value)) throw gatewayFault('http.parameter', `the header ${name} is not ASCII`)
  return value
}

/** The values of the headers that an operation declares. Throws `http.parameter`. */
export function readHeaders(request: IncomingMessage, fields: readonly HttpField[]): JsonObject {
  const out = Object.create(null) as JsonObject
  for (const field of fields) {
    const text = headerOnce(request, field.name)
    if (text === undefined) continue
    const plain = field.shape.kind === 'list' ? text.replaceAll(/[\t ]*,[\t ]*/g, ',') : text
    out[field.name] = readText(plain, field)
  }
  return out
}

/** The headers of the decided values, by name. */
export function writeHeaders(
  values: Json | undefined,
  fields: readonly HttpField[],
): Record<string, string> {
  const out: Record<string, string> = {}
  for (const { name, shape } of fields) {
    const value = isObject(values) ? values[name] : undefined
    if (value === undefined) continue
    if (shape.kind === 'json') out[name] = stringifyJson(value)
    else out[name] = Array.isArray(value) ? value.map(writeScalar).join(', ') : writeScalar(value)
  }
  return out
}
