// Holds a JSON Schema as it is checked: read once, every keyword in its place, references followed.

import type { Json, JsonNumber } from '../../std/json.ts'
import type { Pattern } from './pattern.ts'

/** JSON Schema's names of types. */
export type TypeName = 'null' | 'boolean' | 'integer' | 'number' | 'string' | 'array' | 'object'

/** A member that a pattern of names describes. */
export interface PatternMember {
  readonly pattern: Pattern
  readonly node: SchemaNode
}

/** One schema. Fields are set once, by the reader; what is undefined says nothing. */
export interface SchemaNode {
  /** A schema `true` or `false`. */
  fixed?: boolean
  types?: ReadonlySet<TypeName>
  nullable?: true
  /** Keys of the values that are allowed. */
  values?: ReadonlySet<string>

  text?: {
    readonly min: number
    readonly max: number
    readonly pattern?: Pattern
    readonly format?: string
  }
  number?: {
    readonly minimum?: number | JsonNumber
    readonly maximum?: number | JsonNumber
    readonly above?: number | JsonNumber
    readonly below?: number | JsonNumber
    readonly multipleOf?: number | JsonNumber
  }
  array?: {
    readonly min: number
    readonly max: number
    readonly unique: boolean
    readonly prefix: readonly SchemaNode[]
    /** Elements after the prefix. */
    readonly rest?: SchemaNode
    readonly contains?: { readonly node: SchemaNode; readonly min: number; readonly max: number }
    readonly unevaluated?: SchemaNode
  }
  object?: {
    readonly min: number
    readonly max: number
    readonly required: readonly string[]
    /** True where it says which members there are. */
    readonly names: boolean
    readonly members: ReadonlyMap<string, SchemaNode>
    readonly patterns: readonly PatternMember[]
    readonly additional?: SchemaNode
    readonly unevaluated?: SchemaNode
    readonly propertyNames?: SchemaNode
    readonly dependentRequired: ReadonlyMap<string, readonly string[]>
    readonly dependents: ReadonlyMap<string, SchemaNode>
  }

  /** All of these hold of the same value: `allOf`, and what `$ref` names. */
  all?: readonly SchemaNode[]
  any?: readonly SchemaNode[]
  one?: readonly SchemaNode[]
  not?: SchemaNode
  condition?: {
    readonly test: SchemaNode
    readonly pass: SchemaNode | undefined
    readonly fail: SchemaNode | undefined
  }
  /** True where nothing else speaks of the same value, so that its members are all that there are. */
  plain: boolean
}

/** Thrown for a schema that cannot be checked; its message says why, lower case, no full stop. */
export class UnreadableSchema extends Error {}

/** Keywords that only tell people something. */
const NOTES: ReadonlySet<string> = new Set([
  '$comment',
  '$defs',
  '$id',
  '$schema',
  'contentEncoding',
  'contentMediaType',
  'contentSchema',
  'default',
  'definitions',
  'deprecated',
  'description',
  'discriminator',
  'enumDescriptions',
  'enumNames',
  'example',
  'examples',
  'externalDocs',
  'markdownDescription',
  'propertyOrdering',
  'readOnly',
  'title',
  'writeOnly',
  'xml',
])

/** Keywords that are checked. */
const CHECKED: ReadonlySet<string> = new Set([
  '$ref',
  'additionalItems',
  'additionalProperties',
  'allOf',
  'anyOf',
  'const',
  'contains',
  'dependencies',
  'dependentRequired',
  'dependentSchemas',
  'else',
  'enum',
  'exclusiveMaximum',
  'exclusiveMinimum',
  'format',
  'if',
  'items',
  'maxContains',
  'maxItems',
  'maxLength',
  'maxProperties',
  'maximum',
  'minContains',
  'minItems',
  'minLength',
  'minProperties',
  'minimum',
  'multipleOf',
  'not',
  'nullable',
  'oneOf',
  'pattern',
  'patternProperties',
  'prefixItems',
  'properties',
  'propertyNames',
  'required',
  'then',
  'type',
  'unevaluatedItems',
  'unevaluatedProperties',
  'uniqueItems',
])

/** Refuses a keyword that might narrow values in a way that nobody here checks. */
export function checkKeyword(keyword: string): void {
  if (CHECKED.has(keyword) || NOTES.has(keyword) || keyword.startsWith('x-')) return
  throw new UnreadableSchema(`it uses \`${keyword.slice(0, 64)}\`, which is not understood here`)
}

/** Dialects by their `$schema`. */
const DIALECTS =
  /^https?:\/\/json-schema\.org\/(?:draft\/(?:2020-12|2019-09)|draft-0[67])\/schema#?$/

/** Refuses a dialect that is not read here. Absent: 2020-12, as MCP says. */
export function checkDialect(dialect: Json | undefined): void {
  if (dialect === undefined || (typeof dialect === 'string' && DIALECTS.test(dialect))) return
  throw new UnreadableSchema(
    'its dialect is none of JSON Schema 2020-12, 2019-09, draft-07 and draft-06',
  )
}
