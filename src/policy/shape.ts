// Holds what a JSON Schema says for certain of a value: its types, members and elements, with every reference followed.

import { isObject, type Json, type JsonObject } from '../std/json.ts'
import { isInteger, isNumber } from './number.ts'

/** JSON's types, with numbers told apart: `integer` and `fraction` together are JSON Schema's `number`. */
export type JsonType = 'null' | 'boolean' | 'integer' | 'fraction' | 'string' | 'array' | 'object'

/** What holds of every value that a schema accepts. Anything not said here may be anything. */
export interface Facts {
  readonly types: ReadonlySet<JsonType>
  /** Schemas that the member of that name fits, all of them, where the value is an object that has it. */
  readonly properties: ReadonlyMap<string, readonly Json[]>
  readonly required: ReadonlySet<string>
  /** Schemas that every element fits, all of them; undefined where elements may be anything or differ by place. */
  readonly items: readonly Json[] | undefined
  /** References that were followed, so that whoever goes deeper notices a recursion. */
  readonly refs: ReadonlySet<string>
  /** A reference leads back to a schema that the value is already inside of. */
  readonly recursive: boolean
}

const ALL: ReadonlySet<JsonType> = new Set<JsonType>([
  'null',
  'boolean',
  'integer',
  'fraction',
  'string',
  'array',
  'object',
])

const ANY: Facts = {
  types: ALL,
  properties: new Map(),
  required: new Set(),
  items: undefined,
  refs: new Set(),
  recursive: false,
}

const NAMED: Readonly<Record<string, readonly JsonType[]>> = {
  null: ['null'],
  boolean: ['boolean'],
  integer: ['integer'],
  number: ['integer', 'fraction'],
  string: ['string'],
  array: ['array'],
  object: ['object'],
}

/** How many schemas are looked at for one action before all of its input is left out. */
const MAX_SCHEMAS = 20_000

/** Thrown past the bound; the schema generator leaves the action's input out then. */
export class SchemaTooLarge extends Error {}

/** The facts of both: a value that fits two schemas has what either promises. */
function meet(a: Facts, b: Facts): Facts {
  const properties = new Map(a.properties)
  for (const [name, schemas] of b.properties) {
    properties.set(name, [...(properties.get(name) ?? []), ...schemas])
  }
  const items = a.items && b.items ? [...a.items, ...b.items] : (a.items ?? b.items)
  return {
    types: new Set([...a.types].filter((type) => b.types.has(type))),
    properties,
    required: new Set([...a.required, ...b.required]),
    items,
    refs: new Set([...a.refs, ...b.refs]),
    recursive: a.recursive || b.recursive,
  }
}

function either(lists: readonly (readonly Json[])[]): Json[] {
  return [{ anyOf: lists.map((schemas) => ({ allOf: [...schemas] })) }]
}

/** The facts of one of them, nobody knows which: what all of them promise. */
function join(branches: readonly Facts[]): Facts {
  const live = branches.filter((facts) => facts.types.size > 0)
  const objects = live.filter((facts) => facts.types.has('object'))
  const arrays = live.filter((facts) => facts.types.has('array'))
  const properties = new Map<string, Json[]>()
  for (const name of objects[0]?.properties.keys() ?? []) {
    const lists = objects.map((facts) => facts.properties.get(name))
    if (lists.every((list) => list !== undefined)) properties.set(name, either(lists))
  }
  const items = arrays.map((facts) => facts.items)
  return {
    types: new Set(live.flatMap((facts) => [...facts.types])),
    properties,
    required: new Set(
      [...(objects[0]?.required ?? [])].filter((name) =>
        objects.every((o) => o.required.has(name)),
      ),
    ),
    items:
      items.length > 0 && items.every((list) => list !== undefined) ? either(items) : undefined,
    refs: new Set(live.flatMap((facts) => [...facts.refs])),
    recursive: live.some((facts) => facts.recursive),
  }
}

function typeOf(value: Json): JsonType {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'string') return 'string'
  if (isNumber(value)) return isInteger(value) ? 'integer' : 'fraction'
  return Array.isArray(value) ? 'array' : 'object'
}

/** Reads the facts out of one pinned schema. */
export class SchemaReader {
  readonly root: JsonObject
  /** With an `$id` inside, a pointer may be meant from there: references are then not followed. */
  readonly rebased: boolean
  seen = 0

  constructor(root: JsonObject) {
    this.root = root
    this.rebased = Object.entries(root).some(([key, value]) => key !== '$id' && hasId(value, 0))
  }

  /** The facts of a value that fits all of the schemas. `above` are the references that it is already inside of. */
  facts(schemas: readonly Json[], above: ReadonlySet<string>): Facts {
    return schemas.map((schema) => this.read(schema, above, new Set())).reduce(meet, ANY)
  }

  read(schema: Json, above: ReadonlySet<string>, here: ReadonlySet<string>): Facts {
    if (++this.seen > MAX_SCHEMAS) throw new SchemaTooLarge()
    if (schema === false) return { ...ANY, types: new Set() }
    if (!isObject(schema)) return ANY
    let facts = this.own(schema)
    for (const part of list(schema['allOf'])) facts = meet(facts, this.read(part, above, here))
    for (const key of ['anyOf', 'oneOf']) {
      const branches = list(schema[key])
      if (branches.length === 0) continue
      facts = meet(facts, join(branches.map((branch) => this.read(branch, above, here))))
    }
    const ref = schema['$ref']
    return typeof ref === 'string' ? meet(facts, this.follow(ref, above, here)) : facts
  }

  follow(ref: string, above: ReadonlySet<string>, here: ReadonlySet<string>): Facts {
    if (above.has(ref)) return { ...ANY, recursive: true }
    if (this.rebased || here.has(ref)) return ANY
    const target = resolve(this.root, ref)
    if (target === undefined) return ANY
    return meet({ ...ANY, refs: new Set([ref]) }, this.read(target, above, new Set([...here, ref])))
  }

  /** What the schema's own keywords say; those that only narrow a value further (`not`, `if`, `pattern`, …) say nothing here. */
  own(schema: JsonObject): Facts {
    let types = namedTypes(schema['type'], schema['nullable'] === true)
    if (schema['const'] !== undefined) types = only(types, [schema['const']])
    if (Array.isArray(schema['enum'])) types = only(types, schema['enum'])
    const properties = new Map<string, Json[]>()
    const members = schema['properties']
    if (isObject(members)) {
      for (const [name, member] of Object.entries(members)) properties.set(name, [member])
    }
    const required = list(schema['required']).filter((name) => typeof name === 'string')
    const items = schema['items']
    const uniform =
      items !== undefined && !Array.isArray(items) && schema['prefixItems'] === undefined
    return {
      ...ANY,
      types,
      properties,
      required: new Set(required),
      items: uniform ? [items] : undefined,
    }
  }
}

function namedTypes(type: Json | undefined, nullable: boolean): ReadonlySet<JsonType> {
  const names = typeof type === 'string' ? [type] : list(type)
  if (names.length === 0) return ALL
  const types = names.flatMap((name) => (typeof name === 'string' ? (NAMED[name] ?? []) : []))
  return new Set(nullable ? [...types, 'null' as const] : types)
}

function only(types: ReadonlySet<JsonType>, values: readonly Json[]): ReadonlySet<JsonType> {
  return new Set(values.map(typeOf).filter((type) => types.has(type)))
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}

function hasId(value: Json, depth: number): boolean {
  if (depth > 64) return true
  if (Array.isArray(value)) return value.some((entry) => hasId(entry, depth + 1))
  if (!isObject(value)) return false
  if (typeof value['$id'] === 'string') return true
  return Object.values(value).some((entry) => hasId(entry, depth + 1))
}

/** Follows a JSON pointer of the same document (RFC 6901 in a fragment); anything else leads nowhere. */
function resolve(root: JsonObject, ref: string): Json | undefined {
  if (ref === '#') return root
  if (!ref.startsWith('#/')) return undefined
  let at: Json | undefined = root
  for (const part of ref.slice(2).split('/')) {
    let key: string
    try {
      key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
    } catch {
      return undefined
    }
    if (Array.isArray(at)) at = /^[0-9]+$/.test(key) ? at[Number(key)] : undefined
    else at = isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined
    if (at === undefined) return undefined
  }
  return at
}
