// Holds the choice of the one shape that the body of an operation has, and of the media types that write it.

import { canonicalJson, isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { HttpMedia } from '../../wire/http-binding.ts'

/** The body of an operation as the gateway takes it. */
export interface ChosenBody {
  readonly required: boolean
  readonly media: readonly HttpMedia[]
  /** The schema of its input, before it is copied. */
  readonly schema: Json
  /** Fields that are uploads. */
  readonly files: ReadonlyMap<string, 'file' | 'files'>
  /** What the document says of the encoding of fields. */
  readonly encoding: JsonObject | undefined
}

/** What policies see of an upload: its bytes are never in the input. */
const FILE: JsonObject = {
  type: 'object',
  properties: {
    filename: { type: 'string', maxLength: 255 },
    content_type: { type: 'string', maxLength: 255 },
    size: { type: 'integer', minimum: 0 },
    sha256: { type: 'string', maxLength: 64 },
  },
  required: ['content_type'],
  additionalProperties: false,
}

const MEDIA = /^(?:\*|[a-z0-9!#$&^_.+-]{1,64})\/(?:\*|[a-z0-9!#$&^_.+-]{1,128})$/

interface Offered extends HttpMedia {
  readonly schema: Json | undefined
  readonly encoding: JsonObject | undefined
}

/** Follows a reference within the document. */
type Follow = (value: Json | undefined) => JsonObject | undefined

/**
 * Chooses what a body is: JSON before forms, forms before text, text before bytes. Other media types are taken where they are of the
 * very same schema; undefined where there is nothing to choose from.
 */
export function chooseBody(body: JsonObject, follow: Follow): ChosenBody | undefined {
  const offered = offers(body['content'], follow)
  const forms = ['json', 'multipart', 'urlencoded', 'text', 'bytes'] as const
  const form = forms.find((one) => offered.some((media) => media.form === one))
  const chosen = offered.find((media) => media.form === form)
  if (chosen === undefined) return undefined
  const structured = (one: Offered) => one.form !== 'text' && one.form !== 'bytes'
  const same = offered.filter((one) =>
    structured(chosen) ? structured(one) && equal(one.schema, chosen.schema) : one.form === form,
  )
  const uploads = same.some((one) => one.form === 'multipart') ? files(chosen, follow) : new Map()
  // Uploads exist in one media type alone.
  const kept = uploads.size === 0 ? same : same.filter((one) => one.form === 'multipart')
  return {
    required: body['required'] === true,
    media: kept.map(({ type, form: of }) => ({ type, form: of })),
    schema: schemaOf(chosen, uploads, follow),
    files: uploads,
    encoding: kept.find((one) => one.encoding !== undefined)?.encoding,
  }
}

function offers(content: Json | undefined, follow: Follow): readonly Offered[] {
  if (!isObject(content)) return []
  return Object.entries(content).flatMap(([name, media]) => {
    const type = name.split(';', 1)[0]!.trim().toLowerCase()
    if (!MEDIA.test(type) || !isObject(media)) return []
    const schema = media['schema']
    const encoding = isObject(media['encoding']) ? media['encoding'] : undefined
    return [{ type, form: formOf(type, schema, follow), schema, encoding }]
  })
}

function formOf(type: string, schema: Json | undefined, follow: Follow): HttpMedia['form'] {
  if (/^application\/(?:[a-z0-9.+-]+\+)?json$/.test(type)) return 'json'
  if (type === 'application/x-www-form-urlencoded') return 'urlencoded'
  if (type === 'multipart/form-data') return 'multipart'
  const held = follow(schema)
  const text = held?.['type'] === 'string' && held['format'] !== 'binary'
  return type.startsWith('text/') && !type.endsWith('*') && text ? 'text' : 'bytes'
}

function equal(a: Json | undefined, b: Json | undefined): boolean {
  return canonicalJson(a ?? null) === canonicalJson(b ?? null)
}

/** What an OpenAPI document calls a file: 3.0 by its format, 3.1 by its media type or by no type at all (§4.8.14.3). */
function isFile(schema: JsonObject | undefined, follow: Follow): boolean {
  const held = follow(schema)
  if (held === undefined) return false
  if (held['format'] === 'binary') return true
  const raw = typeof held['contentMediaType'] === 'string' && held['contentEncoding'] === undefined
  return raw && (held['type'] === undefined || held['type'] === 'string')
}

function files({ schema }: Offered, follow: Follow): ReadonlyMap<string, 'file' | 'files'> {
  const found = new Map<string, 'file' | 'files'>()
  const members = follow(schema)?.['properties']
  if (!isObject(members)) return found
  for (const [name, member] of Object.entries(members)) {
    const held = follow(member)
    if (isFile(held, follow)) found.set(name, 'file')
    else if (held?.['type'] === 'array' && isFile(follow(held['items']), follow)) {
      found.set(name, 'files')
    }
  }
  return found
}

function schemaOf(
  { form, schema }: Offered,
  uploads: ReadonlyMap<string, 'file' | 'files'>,
  follow: Follow,
): Json {
  if (form === 'bytes') return FILE
  if (uploads.size === 0) return schema ?? true
  const root = follow(schema) ?? {}
  const members = isObject(root['properties']) ? root['properties'] : {}
  const properties = Object.entries(members).map(([name, member]) => {
    const kind = uploads.get(name)
    if (kind === undefined) return [name, member] as const
    return [name, kind === 'file' ? FILE : { type: 'array', items: FILE }] as const
  })
  return { ...root, properties: Object.fromEntries(properties) }
}
