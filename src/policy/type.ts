// Holds the Cedar types that an action's input can have, made from its pinned JSON Schema; what Cedar cannot say is left out.

import type { Json, JsonObject } from '../std/json.ts'
import { SchemaReader, SchemaTooLarge, type JsonType } from './shape.ts'

/** A type of a value inside `context.input`. */
export type CedarType =
  | { readonly kind: 'string' | 'long' | 'decimal' | 'bool' }
  | { readonly kind: 'set'; readonly element: CedarType }
  | RecordType

/** A record with the attributes that policies may speak of. */
export interface RecordType {
  readonly kind: 'record'
  readonly attributes: ReadonlyMap<string, Attribute>
}

/** One attribute. `null` counts as absent, so a nullable one is never required. */
interface Attribute {
  readonly type: CedarType
  readonly required: boolean
  readonly nullable: boolean
}

/** An argument that policies cannot see, and why. Paths are JSON pointers with `*` for elements. */
export interface LeftOut {
  readonly path: string
  readonly why: string
}

/** Nesting that is still typed; the library keeps a stack of its own that deep values overrun. */
const MAX_DEPTH = 16

/** Names that Cedar's JSON form reads as something else than a record's attribute, or that JavaScript does. */
const RESERVED: ReadonlySet<string> = new Set(['__entity', '__extn', '__expr', '__proto__'])

const SCALARS: Partial<Record<JsonType, CedarType>> = {
  string: { kind: 'string' },
  boolean: { kind: 'bool' },
  integer: { kind: 'long' },
  fraction: { kind: 'decimal' },
}

/** A step of a JSON pointer (RFC 6901 §3). */
export function pointer(path: string, name: string): string {
  return `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

interface Place {
  readonly path: string
  readonly above: ReadonlySet<string>
  readonly depth: number
}

interface Typed {
  readonly type: CedarType
  readonly nullable: boolean
}

class Typer {
  readonly reader: SchemaReader
  readonly leftOut: LeftOut[] = []

  constructor(root: JsonObject) {
    this.reader = new SchemaReader(root)
  }

  omit(place: Place, why: string): undefined {
    this.leftOut.push({ path: place.path, why })
  }

  /** The one Cedar type of every value that fits all of the schemas, or undefined, noted with its reason. */
  type(schemas: readonly Json[], place: Place): Typed | undefined {
    if (place.depth > MAX_DEPTH) return this.omit(place, `nested deeper than ${MAX_DEPTH}`)
    const facts = this.reader.facts(schemas, place.above)
    if (facts.recursive) return this.omit(place, 'its schema is recursive')
    const nullable = facts.types.has('null')
    const types = [...facts.types].filter((type) => type !== 'null')
    const below = new Set([...place.above, ...facts.refs])
    const numeric = types.length === 2 && types.includes('integer') && types.includes('fraction')
    const [only] = numeric ? (['fraction'] as const) : types
    if (only === undefined) return this.omit(place, 'its schema accepts no value but null')
    if (types.length > 1 && !numeric) return this.omit(place, 'it may be of several types')
    const scalar = SCALARS[only]
    if (scalar !== undefined) return { type: scalar, nullable }
    if (only === 'object') {
      return {
        type: this.record(facts.properties, facts.required, { ...place, above: below }),
        nullable,
      }
    }
    if (facts.items === undefined) return this.omit(place, 'its elements have no common type')
    const inside = { path: `${place.path}/*`, above: below, depth: place.depth + 1 }
    const element = this.type(facts.items, inside)
    if (element === undefined) return undefined
    if (element.nullable) return this.omit(inside, 'it may be null')
    return { type: { kind: 'set', element: element.type }, nullable }
  }

  record(
    properties: ReadonlyMap<string, readonly Json[]>,
    required: ReadonlySet<string>,
    place: Place,
  ): RecordType {
    const attributes = new Map<string, Attribute>()
    for (const [name, schemas] of properties) {
      const inside = { path: pointer(place.path, name), above: place.above, depth: place.depth + 1 }
      if (RESERVED.has(name)) {
        this.omit(inside, 'its name means something else to Cedar')
        continue
      }
      const typed = this.type(schemas, inside)
      if (typed === undefined) continue
      const { type, nullable } = typed
      attributes.set(name, { type, nullable, required: required.has(name) && !nullable })
    }
    return { kind: 'record', attributes }
  }
}

/** The type of an action's whole input, and what of it policies cannot see. */
export function inputType(schema: JsonObject): { type: RecordType; leftOut: readonly LeftOut[] } {
  const nothing: RecordType = { kind: 'record', attributes: new Map() }
  const typer = new Typer(schema)
  try {
    const typed = typer.type([schema], { path: '', above: new Set(['#']), depth: 0 })
    if (typed?.type.kind === 'record') return { type: typed.type, leftOut: typer.leftOut }
    return { type: nothing, leftOut: [{ path: '', why: 'the input is not always an object' }] }
  } catch (error) {
    if (!(error instanceof SchemaTooLarge)) throw error
    return { type: nothing, leftOut: [{ path: '', why: 'its schema is too large' }] }
  }
}
