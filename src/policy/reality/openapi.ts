// Holds the actions of an OpenAPI document (3.0 and 3.1): one for each operation, its parameters and its body in one input.

import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { Effect } from '../../wire/effect.ts'
import { MAX_ACTIONS, named, Problems, type Operation, type Reality } from './definition.ts'
import { bind } from './openapi-binding.ts'
import { chooseBody, type ChosenBody } from './openapi-body.ts'
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

/**
 * Headers that are no inputs of a system that the gateway itself speaks to: what frames a message or belongs to one connection, what is
 * a credential, what says where a request came from, and what has another request made of this one than was decided.
 */
const OURS = new RegExp(
  '^(?:(?:proxy-|x-forwarded-|cf-|sec-|bailiwick-|x-amz-security-|x-original-|x-rewrite-).*|' +
    'accept-(?:encoding|charset)|authorization|connection|content-(?:encoding|length|digest)|cookie2?|dpop|expect|forwarded|host|' +
    'keep-alive|origin|referer|set-cookie|te|trailer|transfer-encoding|trace(?:parent|state)|baggage|upgrade|user-agent|via|' +
    'want-.*-digest|x-http-method(?:-override)?|x-method-override|x-real-ip|x-client-ip|true-client-ip|prefer)$',
)

/** What the actions are for: programs that enforce by themselves, or our own gateway, which has to know how they are written. */
export type OpenApiUse = 'external' | 'api'

/** Values copied for all actions of one document. */
const MAX_COPIES = 400_000
/** References from one parameter or body to the next. */
const MAX_HOPS = 16

class Reader {
  readonly document: JsonObject
  readonly version: OpenApiVersion
  readonly use: OpenApiUse
  readonly problems = new Problems()
  readonly copies: Copies = { left: MAX_COPIES }
  readonly #keys: ReadonlySet<string>

  constructor(document: JsonObject, version: OpenApiVersion, use: OpenApiUse) {
    this.document = document
    this.version = version
    this.use = use
    this.#keys = use === 'api' ? this.keys() : new Set()
  }

  /** Where the document says that keys stand: those are the credential's, and no input. */
  keys(): ReadonlySet<string> {
    const components = this.object(this.document['components'])
    const schemes = components?.['securitySchemes']
    if (!isObject(schemes)) return new Set()
    const found = Object.values(schemes).flatMap((one) => {
      const { type, in: place, name } = this.object(one) ?? {}
      return type === 'apiKey' && typeof name === 'string' && typeof place === 'string'
        ? [`${place} ${place === 'header' ? name.toLowerCase() : name}`]
        : []
    })
    return new Set(found)
  }

  /** True for a parameter that an agent gives. */
  given({ name, place }: Parameter): boolean {
    if (this.use === 'external') return true
    if (this.#keys.has(`${place} ${name}`) || place === 'cookie') return false
    return place !== 'header' || !OURS.test(name)
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
    const parameters = this.parameters(item, operation).filter((one) => this.given(one))
    const body = this.body(operation)
    const inputSchema = this.input(parameters, body)
    return {
      wanted: typeof operationId === 'string' && operationId !== '' ? operationId : identity,
      identity,
      ...(typeof summary === 'string' && { title: summary }),
      ...(typeof description === 'string' && { description }),
      inputSchema,
      hints,
      ...(this.use === 'api' && {
        http: bind({
          method,
          template: path,
          parameters,
          body: body?.chosen,
          responses: operation['responses'],
          inputSchema,
        }),
      }),
    }
  }

  /** `path`, `query`, `header` and `cookie` are objects of their own, so that no two parameters meet; `body` is the body. */
  input(parameters: readonly Parameter[], body: Body | undefined): JsonObject {
    const copier = new SchemaCopier(this.document, this.version, this.copies)
    const properties: JsonObject = {}
    const required: string[] = []
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
    if (body !== undefined) {
      properties['body'] = copier.copy(body.schema)
      if (body.required) required.push('body')
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

  /** The body of an operation; of a system that the gateway speaks to, in the one shape that it takes. */
  body(operation: JsonObject): Body | undefined {
    const said = operation['requestBody']
    const body = this.object(said)
    if (said !== undefined && body === undefined) {
      throw new UnreadableOperation('the reference of its body leads nowhere')
    }
    if (body === undefined) return undefined
    const required = body['required'] === true
    if (this.use === 'external') return { required, schema: bodySchema(body) }
    const chosen = chooseBody(body, (value) => this.object(value))
    if (chosen !== undefined) return { required, schema: chosen.schema, chosen }
    if (required) throw new UnreadableOperation('its body is of no media type that can be read')
    return undefined
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

interface Body {
  readonly required: boolean
  readonly schema: Json | undefined
  readonly chosen?: ChosenBody
}

interface Parameter {
  readonly place: Place
  readonly name: string
  readonly required: boolean
  readonly schema: Json | undefined
  readonly style: Json | undefined
  readonly explode: Json | undefined
  /** True where a media type describes it. */
  readonly content: boolean
}

function readParameter(parameter: JsonObject | undefined): Parameter | undefined {
  if (parameter === undefined) {
    throw new UnreadableOperation('the reference of a parameter leads nowhere')
  }
  const { name, in: where, required, schema, content, style, explode } = parameter
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
    style,
    explode,
    content: schema === undefined && isObject(content),
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
 * action is told by its place. An action is called by its `operationId`, or by method and path. For `api` every action carries how it is
 * written as a request, and what the gateway or the credential of the system sets is no input of it.
 */
export function actionsOfOpenApi(document: Json, use: OpenApiUse = 'external'): Reality {
  const version = isObject(document) ? document['openapi'] : undefined
  const known = typeof version === 'string' ? /^3\.[01](?=\.\d+$)/.exec(version)?.[0] : undefined
  if (!isObject(document) || known === undefined) {
    const message = 'this is no OpenAPI document of version 3.0 or 3.1'
    return { actions: [], problems: [{ path: '/openapi', message }] }
  }
  const reader = new Reader(document, known as OpenApiVersion, use)
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
