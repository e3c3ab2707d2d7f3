// Holds the actions of database tables: select, insert, update and delete of each, with its columns typed.

import { isObject, JsonNumber, type Json, type JsonObject } from '../../std/json.ts'
import type { Effect } from '../../wire/effect.ts'
import { MAX_ACTIONS, named, Problems, type Operation, type Reality } from './definition.ts'

const VERBS: Readonly<Record<string, readonly Effect[]>> = {
  select: ['read'],
  insert: ['write'],
  update: ['write'],
  delete: ['write', 'destructive'],
}

const MAX_COLUMNS = 1_000
/** A name of SQL as catalogues hold it: 1 to 128 characters, no control. */
const NAME = /^[^\p{Cc}\p{Cf}]{1,128}$/u

function whole(minimum: string, maximum: string): JsonObject {
  return { type: 'integer', minimum: new JsonNumber(minimum), maximum: new JsonNumber(maximum) }
}

const INT2 = whole('-32768', '32767')
const INT4 = whole('-2147483648', '2147483647')
const INT8 = whole('-9223372036854775808', '9223372036854775807')
const NUMBER: JsonObject = { type: 'number' }
const TEXT: JsonObject = { type: 'string' }
const TIME: JsonObject = { type: 'string', format: 'date-time' }

/** Types of SQL, as PostgreSQL, SQLite and MySQL call them. */
const TYPES: Readonly<Record<string, JsonObject>> = {
  smallint: INT2,
  int2: INT2,
  smallserial: INT2,
  integer: INT4,
  int: INT4,
  int4: INT4,
  serial: INT4,
  bigint: INT8,
  int8: INT8,
  bigserial: INT8,
  numeric: NUMBER,
  decimal: NUMBER,
  real: NUMBER,
  float: NUMBER,
  float4: NUMBER,
  float8: NUMBER,
  double: NUMBER,
  'double precision': NUMBER,
  money: NUMBER,
  boolean: { type: 'boolean' },
  bool: { type: 'boolean' },
  text: TEXT,
  varchar: TEXT,
  'character varying': TEXT,
  char: TEXT,
  character: TEXT,
  bpchar: TEXT,
  citext: TEXT,
  name: TEXT,
  bytea: { type: 'string', contentEncoding: 'base64' },
  blob: { type: 'string', contentEncoding: 'base64' },
  uuid: { type: 'string', format: 'uuid' },
  date: { type: 'string', format: 'date' },
  timestamptz: TIME,
  'timestamp with time zone': TIME,
  timestamp: TEXT,
  'timestamp without time zone': TEXT,
  datetime: TEXT,
  time: TEXT,
  interval: TEXT,
  inet: TEXT,
  cidr: TEXT,
  json: {},
  jsonb: {},
}

interface Column {
  readonly name: string
  readonly schema: JsonObject
  readonly nullable: boolean
  /** An insert need not say it. */
  readonly filled: boolean
}

/** The schema of a SQL type: `numeric(10,2)`, `varchar(80)`, `text[]`; undefined for one that is not known. */
function typeSchema(type: string): JsonObject | undefined {
  const array = /^(.{1,120})\[\]$/s.exec(type)
  if (array !== null) {
    const items = typeSchema(array[1]!)
    return items === undefined ? undefined : { type: 'array', items }
  }
  const match = /^([a-z0-9 ]{1,64}?) ?(?:\( ?(\d{1,9})(?: ?, ?\d{1,9})? ?\))?$/.exec(type)
  const known = Object.hasOwn(TYPES, match?.[1] ?? '') ? TYPES[match![1]!] : undefined
  if (known === TEXT && match?.[2] !== undefined) return { ...TEXT, maxLength: Number(match[2]) }
  return known
}

function nullable(schema: JsonObject): JsonObject {
  return typeof schema['type'] === 'string' ? { ...schema, type: [schema['type'], 'null'] } : schema
}

class Reader {
  readonly problems = new Problems()
  readonly operations: Operation[] = []
  readonly seen = new Set<string>()

  table(table: Json, at: number): void {
    const path = `/tables/${at}`
    const name = isObject(table) ? table['name'] : undefined
    const schema = isObject(table) ? table['schema'] : undefined
    if (!isObject(table) || typeof name !== 'string' || !NAME.test(name)) {
      return this.problems.add(path, 'it becomes no action: a table needs a name')
    }
    if (schema !== undefined && (typeof schema !== 'string' || !NAME.test(schema))) {
      return this.problems.add(path, 'it becomes no action: its schema is no name')
    }
    const columns = this.columns(table['columns'], path)
    if (columns === undefined) return
    const wanted = typeof schema === 'string' ? `${schema}.${name}` : name
    const quoted = [schema, name]
      .filter((part) => part !== undefined)
      .map((part) => JSON.stringify(part))
    const identity = quoted.join('.')
    if (this.seen.has(identity)) return this.problems.add(path, 'another table has this name')
    this.seen.add(identity)
    const comment = table['comment']
    for (const [verb, hints] of Object.entries(VERBS)) {
      this.operations.push({
        wanted: `${wanted}.${verb}`,
        identity: `${verb.toUpperCase()} ${identity}`,
        ...(typeof comment === 'string' && { description: comment }),
        inputSchema: inputOf(verb, columns),
        hints,
      })
    }
  }

  columns(value: Json | undefined, path: string): Column[] | undefined {
    if (!Array.isArray(value) || value.length === 0 || value.length > MAX_COLUMNS) {
      this.problems.add(path, `it becomes no action: a table has 1 to ${MAX_COLUMNS} columns`)
      return undefined
    }
    const found = new Map<string, Column>()
    for (const [at, column] of value.entries()) {
      const {
        name,
        type,
        nullable: maybe,
        default: filled,
        generated,
      } = isObject(column) ? column : {}
      if (
        typeof name !== 'string' ||
        !NAME.test(name) ||
        name === '__proto__' ||
        typeof type !== 'string'
      ) {
        this.problems.add(`${path}/columns/${at}`, 'a column needs a name and a type')
        return undefined
      }
      const schema = typeSchema(type.slice(0, 200).trim().toLowerCase().replaceAll(/\s+/g, ' '))
      if (schema === undefined) {
        this.problems.add(
          `${path}/columns/${at}`,
          'its type is not known: no policy can speak of it',
        )
      }
      const folded = name.normalize('NFKC').toLowerCase()
      if (found.has(folded)) {
        this.problems.add(
          `${path}/columns/${at}`,
          'two columns differ only in case or Unicode form',
        )
        return undefined
      }
      found.set(folded, {
        name,
        schema: schema ?? {},
        nullable: maybe === true,
        filled: (filled !== undefined && filled !== false && filled !== null) || generated === true,
      })
    }
    return [...found.values()]
  }
}

function record(columns: readonly Column[], required: readonly Column[]): JsonObject {
  const members = columns.map(
    (column) => [column.name, column.nullable ? nullable(column.schema) : column.schema] as const,
  )
  return {
    type: 'object',
    properties: Object.fromEntries(members),
    ...(required.length > 0 && { required: required.map(({ name }) => name) }),
    additionalProperties: false,
  }
}

/** `where` names rows by what their columns are equal to; `set` and `values` say what columns become. */
function inputOf(verb: string, columns: readonly Column[]): JsonObject {
  const where = record(columns, [])
  const needed = columns.filter((column) => !column.nullable && !column.filled)
  const parts: Readonly<Record<string, readonly [JsonObject, string[]]>> = {
    select: [
      {
        columns: {
          type: 'array',
          items: { enum: columns.map(({ name }) => name) },
          uniqueItems: true,
        },
        where,
        limit: { type: 'integer', minimum: 0 },
      },
      [],
    ],
    insert: [{ values: record(columns, needed) }, ['values']],
    update: [{ set: { ...record(columns, []), minProperties: 1 }, where }, ['set']],
    delete: [{ where }, []],
  }
  const [properties, required] = parts[verb]!
  return {
    type: 'object',
    properties,
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  }
}

/**
 * The actions of a catalogue `{"tables":[{"name","schema","columns":[{"name","type","nullable","default","generated"}]}]}`. Pure and
 * total: it never throws for what the catalogue says, and what of it cannot be an action is told by its place.
 */
export function actionsOfTables(catalog: Json): Reality {
  const tables = isObject(catalog) ? catalog['tables'] : undefined
  if (!Array.isArray(tables)) {
    return {
      actions: [],
      problems: [{ path: '/tables', message: 'a catalogue has a list of tables' }],
    }
  }
  const reader = new Reader()
  for (const [at, table] of tables.entries()) {
    if (reader.operations.length + 4 > MAX_ACTIONS) {
      reader.problems.add('/tables', `there are more than ${MAX_ACTIONS} actions`)
      break
    }
    reader.table(table, at)
  }
  return { actions: named(reader.operations), problems: reader.problems.list }
}
