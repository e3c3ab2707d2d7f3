// Holds the header rule for arguments (2026-07-28, SEP-2243): what a tool's schema marks with `x-mcp-header` stands in `Mcp-Param-…` as well.

import type { IncomingHttpHeaders } from 'node:http'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { ActionDefinition } from '../../wire/system.ts'
import { asHeader, headerText, oneHeader } from './header-text.ts'

/** Arguments of one tool that are read, and how deep they may lie. */
const DEPTH = 8
const MARKED_LIMIT = 64

/** Characters of an argument that stand in a header. */
const HEADER_LIMIT = 4_096

interface Marked {
  readonly path: readonly string[]
  /** Lower case. */
  readonly header: string
}

const known = new WeakMap<ActionDefinition, readonly Marked[]>()

/** Token of RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

function marked(schema: Json | undefined, path: readonly string[], into: Marked[]): void {
  if (!isObject(schema) || path.length > DEPTH || into.length >= MARKED_LIMIT) return
  const name = schema['x-mcp-header']
  if (typeof name === 'string' && TOKEN.test(name) && path.length > 0) {
    into.push({ path, header: `mcp-param-${name.toLowerCase()}` })
  }
  const { properties } = schema
  if (!isObject(properties)) return
  for (const [key, child] of Object.entries(properties)) marked(child, [...path, key], into)
}

function markedOf(action: ActionDefinition): readonly Marked[] {
  const before = known.get(action)
  if (before !== undefined) return before
  const found: Marked[] = []
  marked(action.inputSchema, [], found)
  known.set(action, found)
  return found
}

function valueAt(input: JsonObject, path: readonly string[]): Json | undefined {
  let value: Json | undefined = input
  for (const key of path) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined
    value = value[key]
  }
  return value
}

/** True where a header says the number that the body says, in whichever decimal notation. */
function sameNumber(text: string, value: number): boolean {
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(text) && Number(text) === value
}

/** The headers that a call goes out with: what its arguments are, for a server that looks at headers alone. */
export function paramHeaders(
  action: ActionDefinition,
  input: JsonObject,
): Readonly<Record<string, string>> | undefined {
  const marks = markedOf(action)
  if (marks.length === 0) return undefined
  const headers: Record<string, string> = {}
  for (const { path, header } of marks) {
    const value = valueAt(input, path)
    if (value === undefined || value === null || typeof value === 'object') continue
    const text = String(value)
    if (text.length <= HEADER_LIMIT) headers[header] = asHeader(text)
  }
  return headers
}

/** What in the headers of a call is not what its arguments say; undefined: nothing. */
export function paramHeaderProblem(
  action: ActionDefinition,
  input: JsonObject,
  headers: IncomingHttpHeaders,
): string | undefined {
  for (const { path, header } of markedOf(action)) {
    const value = valueAt(input, path)
    if (value === undefined || value === null || typeof value === 'object') continue
    const given = oneHeader(headers[header])
    if (given === undefined) return `the header ${header} is missing, and the argument is there`
    const text = headerText(given)
    if (text === undefined) return `the header ${header} is not readable Base64`
    const same = typeof value === 'number' ? sameNumber(text, value) : text === String(value)
    if (!same) return `the header ${header} says another thing than the argument`
  }
  return undefined
}
