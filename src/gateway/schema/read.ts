// Holds the reading of a JSON Schema into what is checked: bounded, references only within it, nothing passed over.

import { isObject, type Json, type JsonNumber, type JsonObject } from '../../std/json.ts'
import { isNumber } from '../../policy/number.ts'
import { valueKey } from './equal.ts'
import {
  checkDialect,
  checkKeyword,
  UnreadableSchema,
  type PatternMember,
  type SchemaNode,
  type TypeName,
} from './node.ts'
import { Pattern } from './pattern.ts'
import { UnreadablePattern } from './pattern-syntax.ts'
import { resolvePointer } from './pointer.ts'
import { checkRounds } from './rounds.ts'

/** Schemas of one definition. */
const MAX_NODES = 20_000

const TYPES: ReadonlySet<string> = new Set<TypeName>([
  'null',
  'boolean',
  'integer',
  'number',
  'string',
  'array',
  'object',
])

const NO_MEMBERS: ReadonlyMap<string, SchemaNode> = new Map()

class Reader {
  readonly root: JsonObject
  readonly nodes = new Map<JsonObject, SchemaNode>()
  readonly patterns = new Map<string, Pattern>()
  readonly open: [JsonObject, SchemaNode][] = []

  constructor(root: JsonObject) {
    this.root = root
  }

  /** The node of a schema; it is filled in later, so that no chain of references grows the stack. */
  node(schema: Json | undefined): SchemaNode {
    if (typeof schema === 'boolean') return { fixed: schema, plain: true }
    if (!isObject(schema))
      throw new UnreadableSchema('a schema in it is neither an object nor a boolean')
    const known = this.nodes.get(schema)
    if (known !== undefined) return known
    if (this.nodes.size >= MAX_NODES) throw new UnreadableSchema('it is too large')
    const node: SchemaNode = { plain: true }
    this.nodes.set(schema, node)
    this.open.push([schema, node])
    return node
  }

  maybe(schema: Json | undefined): SchemaNode | undefined {
    return schema === undefined ? undefined : this.node(schema)
  }

  list(value: Json | undefined, keyword: string): SchemaNode[] {
    if (!Array.isArray(value))
      throw new UnreadableSchema(`\`${keyword}\` in it is no list of schemas`)
    return value.map((schema) => this.node(schema))
  }

  map(value: Json | undefined, keyword: string): ReadonlyMap<string, SchemaNode> {
    if (value === undefined) return NO_MEMBERS
    return new Map(entries(value, keyword).map(([name, schema]) => [name, this.node(schema)]))
  }

  pattern(text: string): Pattern {
    const known = this.patterns.get(text)
    if (known !== undefined) return known
    try {
      const pattern = new Pattern(text)
      this.patterns.set(text, pattern)
      return pattern
    } catch (error) {
      if (!(error instanceof UnreadablePattern)) throw error
      throw new UnreadableSchema(
        `its pattern ${JSON.stringify(text.slice(0, 64))} cannot be run safely: ${error.message}`,
      )
    }
  }

  fill(schema: JsonObject, node: SchemaNode): void {
    for (const keyword of Object.keys(schema)) checkKeyword(keyword)
    if (schema !== this.root && typeof schema['$id'] === 'string') {
      throw new UnreadableSchema('a schema inside it has an `$id` of its own')
    }
    const { type, const: only, enum: values } = schema
    if (type !== undefined) node.types = typesOf(type)
    if (schema['nullable'] === true) node.nullable = true
    if (values !== undefined && !Array.isArray(values)) {
      throw new UnreadableSchema('`enum` in it is no list')
    }
    // Both may be said, and then both hold.
    const listed = values && new Set(values.map(valueKey))
    const single = only === undefined ? undefined : new Set([valueKey(only)])
    const allowed = listed && single ? both(listed, single) : (single ?? listed)
    if (allowed !== undefined) node.values = allowed
    this.text(schema, node)
    readNumbers(schema, node)
    this.array(schema, node)
    this.object(schema, node)
    this.same(schema, node)
  }

  text(schema: JsonObject, node: SchemaNode): void {
    const { pattern, format } = schema
    const min = count(schema, 'minLength', 0)
    const max = count(schema, 'maxLength', Infinity)
    if (pattern !== undefined && typeof pattern !== 'string') {
      throw new UnreadableSchema('`pattern` in it is no text')
    }
    if (min === 0 && max === Infinity && pattern === undefined && format === undefined) return
    node.text = {
      min,
      max,
      ...(pattern !== undefined && { pattern: this.pattern(pattern) }),
      ...(typeof format === 'string' && { format }),
    }
  }

  array(schema: JsonObject, node: SchemaNode): void {
    const { items, contains, prefixItems, unevaluatedItems, uniqueItems } = schema
    const older = Array.isArray(items)
    const prefix = older ? items : prefixItems
    const rest = older ? schema['additionalItems'] : items
    const min = count(schema, 'minItems', 0)
    const max = count(schema, 'maxItems', Infinity)
    const said = [prefix, rest, contains, unevaluatedItems]
    if (
      said.every((one) => one === undefined) &&
      min === 0 &&
      max === Infinity &&
      uniqueItems !== true
    )
      return
    const after = this.maybe(rest)
    const last = this.maybe(unevaluatedItems)
    node.array = {
      min,
      max,
      unique: uniqueItems === true,
      prefix: prefix === undefined ? [] : this.list(prefix, 'prefixItems'),
      ...(after !== undefined && { rest: after }),
      ...(last !== undefined && { unevaluated: last }),
      ...(contains !== undefined && {
        contains: {
          node: this.node(contains),
          min: count(schema, 'minContains', 1),
          max: count(schema, 'maxContains', Infinity),
        },
      }),
    }
    if (last !== undefined) node.plain = false
  }

  object(schema: JsonObject, node: SchemaNode): void {
    const { patternProperties, properties, required } = schema
    const additional = this.maybe(schema['additionalProperties'])
    const unevaluated = this.maybe(schema['unevaluatedProperties'])
    const propertyNames = this.maybe(schema['propertyNames'])
    const dependencies = entries(schema['dependencies'] ?? {}, 'dependencies')
    const dependentRequired = [
      ...entries(schema['dependentRequired'] ?? {}, 'dependentRequired'),
      ...dependencies.filter(([, value]) => Array.isArray(value)),
    ]
    const dependents = new Map([
      ...this.map(schema['dependentSchemas'], 'dependentSchemas'),
      ...dependencies
        .filter(([, value]) => !Array.isArray(value))
        .map(([name, value]) => [name, this.node(value)] as const),
    ])
    const patterns = entries(patternProperties ?? {}, 'patternProperties').map(
      ([text, value]): PatternMember => ({ pattern: this.pattern(text), node: this.node(value) }),
    )
    node.object = {
      min: count(schema, 'minProperties', 0),
      max: count(schema, 'maxProperties', Infinity),
      required: required === undefined ? [] : names(required, 'required'),
      names: properties !== undefined || patternProperties !== undefined,
      members: this.map(properties, 'properties'),
      patterns,
      dependentRequired: new Map(
        dependentRequired.map(([name, list]) => [name, names(list, 'dependentRequired')]),
      ),
      dependents,
      ...(additional !== undefined && { additional }),
      ...(unevaluated !== undefined && { unevaluated }),
      ...(propertyNames !== undefined && { propertyNames }),
    }
    if (dependents.size > 0 || unevaluated !== undefined) node.plain = false
  }

  /** What speaks of the same value. */
  same(schema: JsonObject, node: SchemaNode): void {
    const { $ref, allOf, anyOf, oneOf, not } = schema
    const all = allOf === undefined ? [] : this.list(allOf, 'allOf')
    if ($ref !== undefined) {
      if (typeof $ref !== 'string') throw new UnreadableSchema('a reference in it is no text')
      all.push(this.node(resolvePointer(this.root, $ref)))
    }
    if (all.length > 0) node.all = all
    if (anyOf !== undefined) node.any = this.list(anyOf, 'anyOf')
    if (oneOf !== undefined) node.one = this.list(oneOf, 'oneOf')
    if (not !== undefined) node.not = this.node(not)
    const condition = this.maybe(schema['if'])
    if (condition !== undefined) {
      const [pass, fail] = [this.maybe(schema['then']), this.maybe(schema['else'])]
      node.condition = { test: condition, pass, fail }
    }
    if (node.all ?? node.any ?? node.one ?? node.condition) node.plain = false
  }
}

function entries(value: Json, keyword: string): [string, Json][] {
  if (!isObject(value)) throw new UnreadableSchema(`\`${keyword}\` in it is no object`)
  return Object.entries(value)
}

function names(value: Json, keyword: string): string[] {
  const list = Array.isArray(value) ? value : [null]
  return list.map((name) => {
    if (typeof name === 'string') return name
    throw new UnreadableSchema(`\`${keyword}\` in it is no list of names`)
  })
}

function typesOf(type: Json): ReadonlySet<TypeName> {
  const list = Array.isArray(type) ? type : [type]
  const known = list.filter((name): name is TypeName => typeof name === 'string' && TYPES.has(name))
  if (known.length === list.length) return new Set(known)
  throw new UnreadableSchema('it names a type that JSON Schema does not have')
}

/** A count that is not said is `absent`; one that is no count makes the schema unreadable. */
function count(schema: JsonObject, keyword: string, absent: number): number {
  const value = schema[keyword]
  if (value === undefined) return absent
  const number = isNumber(value) ? Number(typeof value === 'number' ? value : value.text) : -1
  if (Number.isInteger(number) && number >= 0) return number
  throw new UnreadableSchema(`\`${keyword}\` in it is no count`)
}

function readNumbers(schema: JsonObject, node: SchemaNode): void {
  const bound = (keyword: string): number | JsonNumber | undefined => {
    const value = schema[keyword]
    if (value === undefined || isNumber(value)) return value
    throw new UnreadableSchema(`\`${keyword}\` in it is no number`)
  }
  const bounds = {
    minimum: bound('minimum'),
    maximum: bound('maximum'),
    above: bound('exclusiveMinimum'),
    below: bound('exclusiveMaximum'),
    multipleOf: bound('multipleOf'),
  }
  const said = Object.entries(bounds).filter(([, value]) => value !== undefined)
  if (said.length > 0) node.number = Object.fromEntries(said) as NonNullable<SchemaNode['number']>
}

/** Reads the schema of an action's input. Throws UnreadableSchema; nothing else. */
export function readSchema(schema: JsonObject): SchemaNode {
  checkDialect(schema['$schema'])
  const reader = new Reader(schema)
  const root = reader.node(schema)
  for (let next = reader.open.pop(); next !== undefined; next = reader.open.pop()) {
    reader.fill(...next)
  }
  checkRounds(reader.nodes.values())
  return root
}

/** What stands in both. */
function both(one: ReadonlySet<string>, other: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...one].filter((key) => other.has(key)))
}
