// Holds how an operation of an OpenAPI document is written as a request, for systems that the gateway itself speaks to.

import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type {
  HttpBinding,
  HttpBody,
  HttpField,
  HttpScalar,
  HttpShape,
  HttpStyle,
} from '../../wire/http-binding.ts'
import { SchemaReader, type Facts } from '../shape.ts'
import type { ChosenBody } from './openapi-body.ts'
import { UnreadableOperation } from './openapi-schema.ts'

/** A parameter as the document has it. */
export interface BoundParameter {
  readonly place: 'path' | 'query' | 'header' | 'cookie'
  readonly name: string
  readonly style: Json | undefined
  readonly explode: Json | undefined
  /** True where the document describes it by a media type. */
  readonly content: boolean
}

const STYLES: Readonly<Record<string, readonly HttpStyle[]>> = {
  path: ['simple'],
  header: ['simple'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
}

/** At most one parameter in a segment, and around it what can stand in a path as it is (RFC 3986 §3.3, without `;` and `%`). */
const SEGMENT = /^[A-Za-z0-9\-._~!$&'()*+,=:@]*(?:\{[^{}/]{1,128}\}[A-Za-z0-9\-._~!$&'()*+,=:@]*)?$/

/** What a request of the operation is made of. */
export interface BindingParts {
  readonly method: string
  readonly template: string
  readonly parameters: readonly BoundParameter[]
  readonly body: ChosenBody | undefined
  readonly responses: Json | undefined
  /** The action's, whose types are read. */
  readonly inputSchema: JsonObject
}

/** Binds one operation. Throws UnreadableOperation where requests of it cannot be written in one way alone. */
export function bind(parts: BindingParts): HttpBinding {
  const { body, inputSchema, parameters, template } = parts
  checkTemplate(template, parameters)
  const shapes = new Shapes(inputSchema)
  const fields = (place: BoundParameter['place']) =>
    parameters.filter((one) => one.place === place).map((one) => field(one, shapes))
  const query = fields('query')
  checkNames(query)
  return {
    method: parts.method.toUpperCase(),
    template,
    path: fields('path'),
    query,
    header: fields('header'),
    ...(body !== undefined && { body: bodyOf(body, shapes) }),
    answers: answersOf(parts.responses),
    answerHeaders: answerHeadersOf(parts.responses),
  }
}

function checkTemplate(template: string, parameters: readonly BoundParameter[]): void {
  const segments = template.split('/').slice(1)
  const odd =
    !template.startsWith('/') ||
    segments.some((one) => !SEGMENT.test(one) || one === '.' || one === '..') ||
    segments.slice(0, -1).includes('')
  if (odd) throw new UnreadableOperation('its path is none that can be read in one way alone')
  const named = [...template.matchAll(/\{([^{}]+)\}/g)].map((match) => match[1]!)
  const known = parameters.filter(({ place }) => place === 'path').map(({ name }) => name)
  if (new Set(named).size !== named.length || [...named].sort().join() !== [...known].sort().join())
    throw new UnreadableOperation('its path and its path parameters do not have the same names')
}

/** Names as they stand in a query: two that look the same would be one value to some, and another to others. */
function checkNames(query: readonly HttpField[]): void {
  const names = query.flatMap(({ name, shape, style }) => {
    if (shape.kind !== 'record') return [name]
    const members = Object.keys(shape.members)
    return style === 'deepObject' ? members.map((member) => `${name}[${member}]`) : members
  })
  const folded = new Set(names.map((name) => name.normalize('NFKC').toLowerCase()))
  if (folded.size < names.length) {
    throw new UnreadableOperation('two names of its query differ only in case or Unicode form')
  }
}

function field(parameter: BoundParameter, shapes: Shapes): HttpField {
  const { content, explode, name, place } = parameter
  const style = parameter.style ?? (place === 'query' ? 'form' : 'simple')
  const known = STYLES[place]?.find((one) => one === style)
  if (known === undefined) {
    throw new UnreadableOperation(`the style of its parameter \`${name.slice(0, 64)}\` is not read`)
  }
  const shape: HttpShape = content ? { kind: 'json' } : shapes.at(place, name)
  if (
    shape.kind === 'record' &&
    known !== 'deepObject' &&
    (place !== 'query' || explode === false)
  ) {
    // Names and values in one list with nothing to tell them apart: an upstream may read them in another way.
    throw new UnreadableOperation(`its parameter \`${name.slice(0, 64)}\` is an object in a list`)
  }
  if ((known === 'deepObject') !== (shape.kind === 'record') && known === 'deepObject') {
    throw new UnreadableOperation(`its parameter \`${name.slice(0, 64)}\` is deep and no object`)
  }
  const exploded = typeof explode === 'boolean' ? explode : known === 'form'
  return { name, shape, style: known, explode: exploded }
}

function bodyOf({ encoding, files, media, required }: ChosenBody, shapes: Shapes): HttpBody {
  const formed = media.some(({ form }) => form === 'urlencoded' || form === 'multipart')
  const names = formed ? shapes.members() : []
  const fields = names.map((name): HttpField => {
    const file = files.get(name)
    const said = isObject(encoding?.[name]) ? encoding[name] : {}
    const style = said['style'] === 'deepObject' ? 'deepObject' : 'form'
    const explode = said['explode'] !== false
    if (file !== undefined) return { name, shape: { kind: file }, style, explode }
    const shape = shapes.at('body', name)
    const json = shape.kind === 'record' && style !== 'deepObject'
    return { name, shape: json ? { kind: 'json' } : shape, style, explode }
  })
  return { required, media, fields }
}

function answersOf(responses: Json | undefined): readonly string[] {
  if (!isObject(responses)) return []
  const types = Object.values(responses).flatMap((one) => {
    const content = isObject(one) ? one['content'] : undefined
    return isObject(content) ? Object.keys(content) : []
  })
  const plain = types
    .map((type) => type.split(';', 1)[0]!.trim().toLowerCase())
    .filter((type) => /^[a-z0-9!#$&^_.+*-]{1,64}\/[a-z0-9!#$&^_.+*-]{1,128}$/.test(type))
  return [...new Set(plain)].slice(0, 32)
}

/** Headers of answers that are the system's to tell: none that sets a cookie, frames a message or speaks to a browser or a proxy. */
const UNTOLD =
  /^(?:(?:access-control-|cross-origin-|proxy-|sec-|x-bailiwick-|bailiwick-|x-forwarded-).*|alt-svc|authentication-info|clear-site-data|connection|content-(?:encoding|length|security-policy.*)|dpop-nonce|keep-alive|location|nel|public-key-pins.*|refresh|report-to|reporting-endpoints|set-cookie2?|strict-transport-security|te|trace(?:parent|state)|trailer|transfer-encoding|upgrade|via|warning|www-authenticate)$/

function answerHeadersOf(responses: Json | undefined): readonly string[] {
  if (!isObject(responses)) return []
  const names = Object.values(responses).flatMap((one) => {
    const headers = isObject(one) ? one['headers'] : undefined
    return isObject(headers) ? Object.keys(headers).map((name) => name.toLowerCase()) : []
  })
  const told = names.filter((name) => /^[a-z0-9-]{1,64}$/.test(name) && !UNTOLD.test(name))
  return [...new Set(told)].slice(0, 64)
}

/** Reads the shapes of texts out of the input schema of an action. */
class Shapes {
  readonly #reader: SchemaReader
  readonly #schema: JsonObject

  constructor(schema: JsonObject) {
    this.#reader = new SchemaReader(schema)
    this.#schema = schema
  }

  at(place: string, name: string): HttpShape {
    const facts = this.#reader.facts(this.#place(place).properties.get(name) ?? [true], new Set())
    const of = scalars(facts)
    const plain = [...facts.types].filter((type) => type !== 'null')
    if (plain.length === 1 && plain[0] === 'array') {
      const items = this.#reader.facts(facts.items ?? [true], facts.refs)
      return { kind: 'list', of: scalars(items) }
    }
    if (plain.length === 1 && plain[0] === 'object') {
      const members = [...facts.properties].map(([member, schemas]) => {
        const inner = this.#reader.facts(schemas, facts.refs)
        return [member, scalars(inner)] as const
      })
      return { kind: 'record', members: Object.fromEntries(members) }
    }
    return { kind: 'scalar', of }
  }

  /** Names of the members of a body that is an object. */
  members(): readonly string[] {
    return [...this.#place('body').properties.keys()]
  }

  #place(place: string): Facts {
    const properties = this.#schema['properties']
    const schema = isObject(properties) ? properties[place] : undefined
    return this.#reader.facts([schema ?? true], new Set())
  }
}

function scalars({ types }: Facts): readonly HttpScalar[] {
  const found: HttpScalar[] = []
  // What may be anything is text: nothing is made of it that nobody asked for.
  if (types.has('array') && types.has('object') && types.has('string')) return ['string']
  if (types.has('fraction')) found.push('number')
  else if (types.has('integer')) found.push('integer')
  if (types.has('boolean')) found.push('boolean')
  if (types.has('string') || found.length === 0) found.push('string')
  return found
}
