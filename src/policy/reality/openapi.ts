// Holds the actions of an OpenAPI document (3.0 and 3.1): one for each operation, its parameters and its body in one input.

import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { Effect } from '../../wire/effect.ts'
import { MAX_ACTIONS, named, Problems, type Operation, type Reality } from './definition.ts'
import {
  follow,
  SchemaCopier,
  UnreadableOperation,
  type Copies,
  type OpenApiVersion,
} from './openapi-schema.ts'

/** HTTP methods as OpenAPI names them, with what they hint at (RFC 9110 §9.2.1). */
const HINTS: Readonly<Record<string, readonly Effect[]>> = {
  get: ['read'],
  head: ['read'],
  options: ['read'],
  trace: ['read'],
  post: ['write'],
  put: ['write'],
  patch: ['write'],
  delete: ['write', 'destructive'],
}

const PLACES = ['path', 'query', 'header', 'cookie'] as const
type Place = (typeof PLACES)[number]

/** Headers that are no parameters, whatever a document says (OpenAPI 3.1 §4.8.12.2). */
const NO_PARAMETERS: ReadonlySet<string> = new Set(['accept', 'content-type', 'authorization'])

/** Values copied for all actions of one document. */
const MAX_COPIES = 400_000
/** References from one parameter or body to the next. */
const MAX_HOPS = 16

class Reader {
  readonly document: JsonObject
  readonly version: OpenApiVersion
  readonly problems = new Problems()
  readonly copies: Copies = { left: MAX_COPIES }

  constructor(document: JsonObject, version: OpenApiVersion) {
    this.document = document
    this.version = version
  }

  /** What an object is, after its reference was followed; undefined where it leads out of the document, nowhere or in a circle. */
  object(value: Json | undefined): JsonObject | undefined {
    let at = value
    for (let hops = 0; hops < MAX_HOPS && isObject(at); hops++) {
      const ref = at['$ref']
      if (typeof ref !== 'string') return at
      at = follow(this.document, ref)
    }
    return undefined
  }

  operations(): Operation[] {
    const found: Operation[] = []
    const paths = this.document['paths']
    if (!isObject(paths)) return found
    for (const [path, item] of Object.entries(paths)) {
      if (path.startsWith('x-')) continue
      const place = `/paths/${path.replaceAll('~', '~0').replaceAll('/', '~1')}`
      const held = this.object(item)
      if (held === undefined) {
        this.problems.add(place, 'its reference leads out of the document, or nowhere')
        continue
      }
      for (const [method, hints] of Object.entries(HINTS)) {
        const operation = held[method]
        if (!isObject(operation)) continue
        if (found.length >= MAX_ACTIONS) {
          this.problems.add('/paths', `there are more than ${MAX_ACTIONS} operations`)
          return found
        }
        if (this.copies.left < 0) {
          this.problems.add(
            '/paths',
            'its schemas are too large: what comes after becomes no action',
          )
          return found
        }
        try {
          found.push(this.operation({ path, method, hints }, held, operation))
        } catch (error) {
          if (!(error instanceof UnreadableOperation)) throw error
          this.problems.add(`${place}/${method}`, `it becomes no action: ${error.message}`)
        }
      }
    }
    return found
  }

  operation(
    { path, method, hints }: { path: string; method: string; hints: readonly Effect[] },
    item: JsonObject,
    operation: JsonObject,
  ): Operation {
    const identity = `${method.toUpperCase()} ${path}`
    const { operationId, summary, description } = operation
    return {
      wanted: typeof operationId === 'string' && operationId !== '' ? operationId : identity,
      identity,
      ...(typeof summary === 'string' && { title: summary }),
      ...(typeof description === 'string' && { description }),
      inputSchema: this.input(item, operation),
      hints,
    }
  }

  /** `path`, `query`, `header` and `cookie` are objects of their own, so that no two parameters meet; `body` is the body. */
  input(item: JsonObject, operation: JsonObject): JsonObject {
    const copier = new SchemaCopier(this.document, this.version, this.copies)
    const properties: JsonObject = {}
    const required: string[] = []
    const parameters = this.parameters(item, operation)
    for (const place of PLACES) {
      const here = parameters.filter((parameter) => parameter.place === place)
      if (here.length === 0) continue
      const needed = here.filter((one) => one.required).map(({ name }) => name)
      const members = here.map(({ name, schema }) => [name, copier.copy(schema)] as const)
      properties[place] = {
        type: 'object',
        properties: Object.fromEntries(members),
        ...(needed.length > 0 && { required: needed }),
        additionalProperties: false,
      }
      if (needed.length > 0) required.push(place)
    }
    const body = this.object(operation['requestBody'])
    if (operation['requestBody'] !== undefined && body === undefined) {
      throw new UnreadableOperation('the reference of its body leads nowhere')
    }
    if (body !== undefined) {
      properties['body'] = copier.copy(bodySchema(body))
      if (body['required'] === true) required.push('body')
    }
    const { definitions } = copier
    return {
      type: 'object',
      properties,
      ...(required.length > 0 && { required }),
      additionalProperties: false,
      ...(definitions !== undefined && { $defs: definitions }),
    }
  }

  /** Those of the path, overridden by those of the operation (OpenAPI 3.1 §4.8.10.1). Throws where two are one. */
  parameters(item: JsonObject, operation: JsonObject): Parameter[] {
    const found = new Map<string, Parameter>()
    for (const level of [item, operation]) {
      const list = level['parameters']
      const here = new Set<string>()
      for (const one of Array.isArray(list) ? list : []) {
        const parameter = readParameter(this.object(one))
        if (parameter === undefined) continue
        const key = `${parameter.place} ${parameter.name}`
        if (here.has(key)) {
          throw new UnreadableOperation(`it has two parameters \`${parameter.name.slice(0, 64)}\``)
        }
        here.add(key)
        found.set(key, parameter)
      }
    }
    const folded = new Set([...found.keys()].map((key) => key.normalize('NFKC').toLowerCase()))
    if (folded.size === found.size) return [...found.values()]
    throw new UnreadableOperation('two of its parameters differ only in case or Unicode form')
  }
}

interface Parameter {
  readonly place: Place
  readonly name: string
  readonly required: boolean
  readonly schema: Json | undefined
}

function readParameter(parameter: JsonObject | undefined): Parameter | undefined {
  if (parameter === undefined) {
    throw new UnreadableOperation('the reference of a parameter leads nowhere')
  }
  const { name, in: where, required, schema, content } = parameter
  const place = PLACES.find((one) => one === where)
  if (typeof name !== 'string' || name === '' || name === '__proto__' || place === undefined) {
    throw new UnreadableOperation('a parameter of it has no name or no place')
  }
  const lower = name.toLowerCase()
  if (place === 'header' && NO_PARAMETERS.has(lower)) return undefined
  return {
    place,
    // Header fields have no case (RFC 9110 §5.1): a policy knows them by one spelling.
    name: place === 'header' ? lower : name,
    required: place === 'path' || required === true,
    schema: schema ?? (isObject(content) ? mediaSchema(content) : undefined),
  }
}

/** The schema of the first JSON among media types, else of the first at all. */
function mediaSchema(content: JsonObject): Json | undefined {
  const types = Object.keys(content)
  const json = types.find((type) => /^application\/(?:[a-z0-9.+-]+\+)?json(?:;|$)/i.test(type))
  const media = content[json ?? types[0] ?? '']
  return isObject(media) ? media['schema'] : undefined
}

function bodySchema(body: JsonObject): Json | undefined {
  const { content } = body
  return isObject(content) ? mediaSchema(content) : undefined
}

/**
 * The actions of an OpenAPI document. Pure and total: it never throws for what the document says, and what of it cannot be an
 * action is told by its place. An action is called by its `operationId`, or by method and path.
 */
export function actionsOfOpenApi(document: Json): Reality {
  const version = isObject(document) ? document['openapi'] : undefined
  const known = typeof version === 'string' ? /^3\.[01](?=\.\d+$)/.exec(version)?.[0] : undefined
  if (!isObject(document) || known === undefined) {
    const message = 'this is no OpenAPI document of version 3.0 or 3.1'
    return { actions: [], problems: [{ path: '/openapi', message }] }
  }
  const reader = new Reader(document, known as OpenApiVersion)
  const dialect = document['jsonSchemaDialect']
  if (
    typeof dialect === 'string' &&
    !/(?:2020-12\/schema|oas\/3\.1\/dialect\/base)$/.test(dialect)
  ) {
    reader.problems.add('/jsonSchemaDialect', 'its schemas are of a dialect that is not read here')
    return { actions: [], problems: reader.problems.list }
  }
  return { actions: named(reader.operations()), problems: reader.problems.list }
}
