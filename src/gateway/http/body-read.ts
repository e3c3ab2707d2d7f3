// Holds the reading of a request's body into the tree that is decided, with the bytes of uploads beside it.

import type { IncomingMessage } from 'node:http'
import { isObject, parseJson, type Json, type JsonObject } from '../../std/json.ts'
import type { HttpBody, HttpField, HttpMedia } from '../../wire/http-binding.ts'
import { BODY_LIMIT } from '../body.ts'
import { gatewayFault } from '../faults.ts'
import { readFields, readPairs, readText } from './field.ts'
import { headerOnce } from './headers.ts'
import { matchMedia, readMediaType, type MediaType } from './media.ts'
import { isBoundary, MultipartReader, type Part } from './multipart.ts'
import { Source } from './source.ts'
import { readContentDigest, sha256, type Bytes } from './upload.ts'

/** A body as read. */
export interface ReadBody {
  /** What stands in the input; undefined: there is no body. */
  readonly tree: Json | undefined
  /** How it is written again. */
  readonly media?: HttpMedia
  /** Bytes of uploads, by the name of their field, in its order; of a body that is one, by the empty name. */
  readonly uploads: ReadonlyMap<string, readonly Bytes[]>
  /** The digest that the bytes that come have to have. */
  readonly declared?: string
  /** True where bytes come that nothing in the tree stands for: no person can agree to those. */
  readonly unbound: boolean
}

const NOTHING: ReadBody = { tree: undefined, uploads: new Map(), unbound: false }

/** True where a request has a body (RFC 9112 §6.3). */
export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

/** Reads the body of a request of an operation. Rejects with `http.*` and `json.*` Faults. */
export async function readRequestBody(
  request: IncomingMessage,
  body: HttpBody | undefined,
): Promise<ReadBody> {
  if (!hasBody(request)) return NOTHING
  if (request.headers['content-encoding'] !== undefined) {
    throw gatewayFault('http.media_type', 'the body is compressed, and is to be read')
  }
  const said = headerOnce(request, 'content-type')
  const type = said === undefined ? undefined : readMediaType(said)
  const media = type && matchMedia(type.type, body?.media ?? [])
  if (type === undefined || media === undefined) {
    throw gatewayFault(
      'http.media_type',
      body === undefined
        ? 'the operation takes no body'
        : 'the body is of no media type that the operation takes',
    )
  }
  const source = new Source(request)
  if (media.form === 'multipart') return readMultipart(source, type, media, body?.fields ?? [])
  if (media.form === 'bytes') return readBytes(request, source, type, media)
  const { bytes, whole } = await source.upTo(BODY_LIMIT)
  if (!whole || bytes.length > BODY_LIMIT) throw tooLarge()
  checkDigest(request, bytes)
  const plain = { media, uploads: NOTHING.uploads, unbound: false }
  const charset = type.parameters.get('charset')
  if (charset !== undefined && !/^(?:utf-8|us-ascii)$/i.test(charset)) {
    throw gatewayFault('http.media_type', 'the body is not said to be UTF-8')
  }
  if (media.form === 'json') return { tree: parseJson(bytes), ...plain }
  const text = utf8Text(bytes)
  if (media.form === 'text') return { tree: text, ...plain }
  return { tree: readFields(readPairs(text), body?.fields ?? []), ...plain }
}

function tooLarge() {
  return gatewayFault('http.body', `more than ${BODY_LIMIT} bytes`)
}

function utf8Text(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw gatewayFault('http.form', 'the body is not UTF-8', cause)
  }
}

function checkDigest(request: IncomingMessage, bytes: Uint8Array): void {
  const declared = readContentDigest(headerOnce(request, 'content-digest'))
  if (declared !== undefined && declared !== sha256(bytes)) {
    throw gatewayFault('http.digest', 'the body is not what Content-Digest says')
  }
}

/** A body that is bytes to us. What is small is read whole, so that its digest is decided on; what is not comes by. */
async function readBytes(
  request: IncomingMessage,
  source: Source,
  { type }: MediaType,
  media: HttpMedia,
): Promise<ReadBody> {
  const declared = readContentDigest(headerOnce(request, 'content-digest'))
  const { bytes, whole } = await source.upTo(BODY_LIMIT)
  if (whole) {
    checkDigest(request, bytes)
    const tree = { content_type: type, size: bytes.length, sha256: sha256(bytes) }
    return { tree, media, uploads: new Map([['', [{ kind: 'held', bytes }]]]), unbound: false }
  }
  source.unread(bytes)
  const length = request.headers['content-length']
  const tree: JsonObject = {
    content_type: type,
    ...(length !== undefined && { size: Number(length) }),
    ...(declared !== undefined && { sha256: declared }),
  }
  const coming: Bytes = { kind: 'coming', pieces: () => drained(() => source.next()) }
  return {
    tree,
    media,
    uploads: new Map([['', [coming]]]),
    ...(declared !== undefined && { declared }),
    unbound: declared === undefined,
  }
}

async function* drained(
  next: () => Promise<Buffer | undefined>,
): AsyncGenerator<Buffer, void, undefined> {
  for (let piece = await next(); piece !== undefined; piece = await next()) yield piece
}

/** Everything up to the first file that is large; behind that one, only the end of the form. */
async function readMultipart(
  source: Source,
  { parameters }: MediaType,
  media: HttpMedia,
  fields: readonly HttpField[],
): Promise<ReadBody> {
  const boundary = parameters.get('boundary')
  if (!isBoundary(boundary)) throw gatewayFault('http.form', 'the form has no boundary')
  const reader = new MultipartReader(source, boundary)
  const form = new Form(fields)
  let left = BODY_LIMIT
  for (let part = await reader.nextPart(); part !== undefined; part = await reader.nextPart()) {
    const { pieces, whole } = await readPart(reader, left)
    const bytes = Buffer.concat(pieces)
    left -= bytes.length
    if (whole) {
      form.add(part, { kind: 'held', bytes })
      continue
    }
    form.add(part, { kind: 'coming', pieces: () => lastPart(bytes, reader) })
    return { tree: form.tree(), media, uploads: form.uploads, unbound: true }
  }
  return { tree: form.tree(), media, uploads: form.uploads, unbound: false }
}

async function readPart(
  reader: MultipartReader,
  left: number,
): Promise<{ readonly pieces: Buffer[]; readonly whole: boolean }> {
  const pieces: Buffer[] = []
  let size = 0
  for (let piece = await reader.read(); piece !== undefined; piece = await reader.read()) {
    pieces.push(piece)
    size += piece.length
    if (size > left) return { pieces, whole: false }
  }
  return { pieces, whole: true }
}

async function* lastPart(
  first: Buffer,
  reader: MultipartReader,
): AsyncGenerator<Buffer, void, undefined> {
  yield first
  yield* drained(() => reader.read())
  if ((await reader.nextPart()) !== undefined) {
    throw gatewayFault('http.form', 'a part stands behind a file that was too large to wait for')
  }
}

/** A form as it is read: every part under its field. */
class Form {
  readonly uploads = new Map<string, Bytes[]>()
  readonly #fields: ReadonlyMap<string, HttpField>
  readonly #texts = new Map<string, string[]>()
  readonly #json = new Map<string, Json>()
  readonly #files = new Map<string, JsonObject[]>()

  constructor(fields: readonly HttpField[]) {
    this.#fields = new Map(fields.map((field) => [field.name, field]))
  }

  add(part: Part, bytes: Bytes): void {
    const { name } = part
    const field = this.#fields.get(name)
    if (field?.shape.kind === 'file' || field?.shape.kind === 'files') {
      return this.#addFile(field, part, bytes)
    }
    if (bytes.kind === 'coming') throw tooLarge()
    if (part.filename !== undefined) throw refuse(`${quoted(name)} is no file`)
    if (field?.shape.kind === 'json') {
      if (this.#json.has(name)) throw refuse(`${quoted(name)} is given twice`)
      this.#json.set(name, readJson(bytes.bytes, field))
      return
    }
    const texts = this.#texts.get(name) ?? []
    this.#texts.set(name, [...texts, utf8Text(bytes.bytes)])
  }

  #addFile({ name, shape }: HttpField, part: Part, bytes: Bytes): void {
    const files = this.#files.get(name) ?? []
    if (shape.kind === 'file' && files.length > 0) throw refuse(`${quoted(name)} is given twice`)
    const { filename, type } = part
    files.push({
      ...(filename !== undefined && { filename }),
      content_type: type ?? 'application/octet-stream',
      ...(bytes.kind === 'held' && { size: bytes.bytes.length, sha256: sha256(bytes.bytes) }),
    })
    this.#files.set(name, files)
    this.uploads.set(name, [...(this.uploads.get(name) ?? []), bytes])
  }

  /** The tree of what was read. Throws `http.parameter` for a field that the operation does not have. */
  tree(): JsonObject {
    const plain = [...this.#fields.values()].filter(({ name }) => !this.#json.has(name))
    const texts = plain.filter(({ shape }) => shape.kind !== 'file' && shape.kind !== 'files')
    const out = readFields(this.#texts, texts)
    for (const [name, value] of this.#json) out[name] = value
    for (const [name, files] of this.#files) {
      out[name] = this.#fields.get(name)?.shape.kind === 'files' ? files : files[0]!
    }
    return out
  }
}

function readJson(bytes: Uint8Array, field: HttpField): Json {
  const value = readText(utf8Text(bytes), field)
  if (isObject(value) || Array.isArray(value)) return value
  throw refuse(`${quoted(field.name)} is no object`)
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 64))
}

function refuse(detail: string) {
  return gatewayFault('http.form', detail)
}
