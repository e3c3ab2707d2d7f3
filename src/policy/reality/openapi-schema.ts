// Holds the schemas of an OpenAPI document as JSON Schema of their own: references within the document, 3.0's differences undone.

import { isObject, type Json, type JsonObject } from '../../std/json.ts'

/** OpenAPI 3.0 has a dialect of its own; 3.1 uses JSON Schema 2020-12. */
export type OpenApiVersion = '3.0' | '3.1'

/** Thrown for a schema that cannot be taken over; its message says why. */
export class UnreadableOperation extends Error {}

/** Values copied for one action, and nesting. */
const MAX_VALUES = 10_000
const MAX_DEPTH = 64

const ONE: ReadonlySet<string> = new Set([
  'additionalItems',
  'additionalProperties',
  'contains',
  'else',
  'if',
  'items',
  'not',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
])
const LISTS: ReadonlySet<string> = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems'])
const MAPS: ReadonlySet<string> = new Set(['dependentSchemas', 'patternProperties', 'properties'])
/** What OpenAPI adds for tools that write documents and code. */
const DROPPED: ReadonlySet<string> = new Set([
  '$defs',
  'definitions',
  'discriminator',
  'example',
  'examples',
  'externalDocs',
  'xml',
])

/** What counts the values that are copied for all actions of a document. */
export interface Copies {
  left: number
}

/** Follows a JSON pointer of a document; undefined where it leads nowhere. Never leaves the document. */
export function follow(document: JsonObject, ref: string): Json | undefined {
  if (!ref.startsWith('#/')) return undefined
  let at: Json | undefined = document
  for (const part of ref.slice(2).split('/')) {
    let key: string
    try {
      key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
    } catch {
      return undefined
    }
    if (Array.isArray(at)) at = /^(?:0|[1-9]\d{0,8})$/.test(key) ? at[Number(key)] : undefined
    else at = isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined
    if (at === undefined) return undefined
  }
  return at
}

/** Copies the schemas of one action, and what they refer to into definitions beside them. */
export class SchemaCopier {
  readonly #document: JsonObject
  readonly #version: OpenApiVersion
  readonly #copies: Copies
  readonly #names = new Map<string, string>()
  readonly #open: [name: string, target: Json][] = []
  readonly #defs = Object.create(null) as JsonObject
  #left = MAX_VALUES

  constructor(document: JsonObject, version: OpenApiVersion, copies: Copies) {
    this.#document = document
    this.#version = version
    this.#copies = copies
  }

  /** A schema as it stands in the action's own. Throws UnreadableOperation. */
  copy(schema: Json | undefined): Json {
    const out = this.#schema(schema ?? true, 0)
    for (let next = this.#open.pop(); next !== undefined; next = this.#open.pop()) {
      const [name, target] = next
      this.#defs[name] = this.#schema(target, 0)
    }
    return out
  }

  /** The definitions that the copied schemas refer to; undefined where there are none. */
  get definitions(): JsonObject | undefined {
    return this.#names.size === 0 ? undefined : this.#defs
  }

  #spend(): void {
    if (--this.#left < 0 || --this.#copies.left < 0) {
      throw new UnreadableOperation('its schemas are too large')
    }
  }

  #schema(schema: Json, depth: number): Json {
    this.#spend()
    if (depth > MAX_DEPTH) throw new UnreadableOperation('its schemas are nested too deeply')
    if (typeof schema === 'boolean') return schema
    if (!isObject(schema)) throw new UnreadableOperation('one of its schemas is none')
    const ref = schema['$ref']
    if (typeof ref === 'string' && this.#version === '3.0') return { $ref: this.#refer(ref) }
    const out = Object.create(null) as JsonObject
    for (const [keyword, value] of Object.entries(schema)) {
      if (value === undefined || DROPPED.has(keyword) || keyword.startsWith('x-')) continue
      if (keyword === '$ref' && typeof value === 'string') out['$ref'] = this.#refer(value)
      else out[keyword] = this.#keyword(keyword, value, depth)
    }
    return withoutReadOnly(this.#version === '3.0' ? modern(out) : out, schema)
  }

  #keyword(keyword: string, value: Json, depth: number): Json {
    if (ONE.has(keyword) && !Array.isArray(value)) return this.#schema(value, depth + 1)
    if (LISTS.has(keyword) && Array.isArray(value)) {
      return value.map((part) => this.#schema(part, depth + 1))
    }
    if (MAPS.has(keyword) && isObject(value)) {
      const members = Object.entries(value).map(
        ([name, part]) => [name, this.#schema(part, depth + 1)] as const,
      )
      return Object.fromEntries(members)
    }
    return this.#plain(value, depth + 1)
  }

  /** Values that are no schemas: counted, so that they cannot be large either. */
  #plain(value: Json, depth: number): Json {
    this.#spend()
    if (depth > MAX_DEPTH) throw new UnreadableOperation('its schemas are nested too deeply')
    if (Array.isArray(value)) return value.map((part) => this.#plain(part, depth + 1))
    if (!isObject(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, part]) => [name, this.#plain(part, depth + 1)] as const),
    )
  }

  #refer(ref: string): string {
    const known = this.#names.get(ref)
    if (known !== undefined) return `#/$defs/${known}`
    const target = follow(this.#document, ref)
    if (target === undefined) {
      throw new UnreadableOperation(
        `it refers to ${JSON.stringify(ref.slice(0, 96))}, which is not in the document`,
      )
    }
    const last = ref.slice(ref.lastIndexOf('/') + 1).replaceAll(/[^A-Za-z0-9_]+/g, '_')
    const name = `${this.#names.size}_${last.slice(0, 40)}`
    this.#names.set(ref, name)
    this.#open.push([name, target])
    return `#/$defs/${name}`
  }
}

/** What 3.0 says in its own way: `nullable`, and bounds that are excluded by a boolean. */
function modern(schema: JsonObject): JsonObject {
  const { nullable, exclusiveMinimum, exclusiveMaximum, ...out } = schema
  if (typeof exclusiveMinimum === 'boolean')
    exclude(out, exclusiveMinimum, 'minimum', 'exclusiveMinimum')
  else if (exclusiveMinimum !== undefined) out['exclusiveMinimum'] = exclusiveMinimum
  if (typeof exclusiveMaximum === 'boolean')
    exclude(out, exclusiveMaximum, 'maximum', 'exclusiveMaximum')
  else if (exclusiveMaximum !== undefined) out['exclusiveMaximum'] = exclusiveMaximum
  if (nullable !== true) return out
  if (typeof out['type'] === 'string') {
    const values = out['enum']
    if (Array.isArray(values) && !values.includes(null)) out['enum'] = [...values, null]
    return { ...out, type: [out['type'], 'null'] }
  }
  return out
}

function exclude(schema: JsonObject, excluded: boolean, bound: string, exclusive: string): void {
  const value = schema[bound]
  if (!excluded || value === undefined) return
  delete schema[bound]
  schema[exclusive] = value
}

/** A member that only answers have is none of a request (OpenAPI 3.0 §4.7.24.2, 3.1 §4.8.24). */
function withoutReadOnly(schema: JsonObject, of: JsonObject): JsonObject {
  const members = of['properties']
  const copied = schema['properties']
  if (!isObject(members) || !isObject(copied)) return schema
  const hidden = Object.keys(members).filter((name) => {
    const member = members[name]
    return isObject(member) && member['readOnly'] === true
  })
  if (hidden.length === 0) return schema
  const kept = Object.entries(copied).filter(([name]) => !hidden.includes(name))
  const { required } = schema
  return {
    ...schema,
    properties: Object.fromEntries(kept),
    ...(Array.isArray(required) && {
      required: required.filter((name) => typeof name !== 'string' || !hidden.includes(name)),
    }),
  }
}
