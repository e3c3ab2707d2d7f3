// Holds where texts stand in a definition: everything that a model reads of a system, or that a program takes for a name.

import { isObject, type Json, type JsonObject } from '../../../std/json.ts'
import type { ActionDefinition } from '../../../wire/system.ts'
import type { Looked, Place } from './sign.ts'

/** Places of one system that are looked at, and how deep schemas are followed. */
const MAX_PLACES = 50_000
const MAX_DEPTH = 64

/** Every text of a schema: descriptions, defaults, examples, and the names of what it describes. */
function* inSchema(of: string, value: Json, path: string, depth: number): Generator<Place> {
  if (depth > MAX_DEPTH) return
  if (typeof value === 'string') {
    yield { place: `${of} ${path === '' ? '/' : path}`, text: value, kind: 'prose' }
  } else if (Array.isArray(value)) {
    for (const [at, one] of value.entries()) yield* inSchema(of, one, `${path}/${at}`, depth + 1)
  } else if (isObject(value)) {
    for (const [name, one] of Object.entries(value)) {
      if (one === undefined) continue
      if (path.endsWith('/properties')) {
        yield { place: `${of} ${path}`, text: name, kind: 'name' }
      } else yield { place: `${of} ${path === '' ? '/' : path}`, text: name, kind: 'prose' }
      yield* inSchema(of, one, `${path}/${name.slice(0, 64)}`, depth + 1)
    }
  }
}

function* prose(of: string, texts: Readonly<Record<string, string | undefined>>): Generator<Place> {
  for (const [what, text] of Object.entries(texts)) {
    if (text !== undefined) yield { place: `${of}, ${what}`, text, kind: 'prose' }
  }
}

function* inAction(action: ActionDefinition): Generator<Place> {
  const of = `tool ${action.name}`
  const { title, description, inputSchema, outputSchema, annotations } = action
  yield { place: of, text: action.name, kind: 'name' }
  yield* prose(of, { title, description })
  const schemas: Readonly<Record<string, JsonObject | undefined>> = {
    'input schema': inputSchema,
    'output schema': outputSchema,
    annotations,
  }
  for (const [what, schema] of Object.entries(schemas)) {
    if (schema !== undefined) yield* inSchema(`${of}, ${what}`, schema, '', 0)
  }
}

function* all(system: Looked): Generator<Place> {
  const { server, instructions, prompts = [], templates = [] } = system
  yield* prose('server', { ...server })
  yield* prose('server', { instructions })
  for (const action of system.actions) if (!action.name.includes('/')) yield* inAction(action)
  for (const { name, title, description, arguments: given } of prompts) {
    yield { place: `prompt ${name}`, text: name, kind: 'name' }
    yield* prose(`prompt ${name}`, { title, description })
    for (const argument of given) {
      yield { place: `prompt ${name}, argument`, text: argument.name, kind: 'name' }
      const { title: called, description: said } = argument
      yield* prose(`prompt ${name}, argument ${argument.name}`, {
        title: called,
        description: said,
      })
    }
  }
  for (const { name, title, description, uriTemplate } of templates) {
    yield { place: `template ${name}`, text: name, kind: 'name' }
    yield* prose(`template ${name}`, { title, description, template: uriTemplate })
  }
}

/** All texts of a system, in the order in which it shows them. */
export function placesOf(system: Looked): Place[] {
  const out: Place[] = []
  for (const place of all(system)) {
    if (out.push(place) >= MAX_PLACES) break
  }
  return out
}
