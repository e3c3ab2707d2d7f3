// Holds the writing of a request's body from the decided tree (INV-12); only the bytes of uploads are as they came.

import { Readable } from 'node:stream'
import { isObject, stringifyJson, type Json } from '../../std/json.ts'
import type { HttpBody, HttpField } from '../../wire/http-binding.ts'
import { writePairs } from './field.ts'
import { writeScalar } from './scalar.ts'
import type { ReadBody } from './body-read.ts'
import type { Bytes, UploadMeter } from './upload.ts'

/** A body as it goes out. */
export interface WrittenBody {
  readonly contentType: string
  readonly body: Uint8Array | Readable
  /** Of a stream, where it was said and is part of what was decided. */
  readonly length?: string
}

/** Writes the body of a call; undefined where there is none. `boundary` is fresh and unguessable: what is uploaded cannot hold it. */
export function writeBody(
  tree: Json | undefined,
  binding: HttpBody | undefined,
  read: ReadBody,
  { boundary, meter }: { readonly boundary: () => string; readonly meter: UploadMeter },
): WrittenBody | undefined {
  const { media, uploads } = read
  if (tree === undefined || media === undefined || binding === undefined) return undefined
  switch (media.form) {
    case 'json':
      return {
        contentType: concrete(media.type, 'application/json'),
        body: bytes(stringifyJson(tree)),
      }
    case 'text':
      return { contentType: `${media.type}; charset=utf-8`, body: bytes(writeScalar(tree)) }
    case 'urlencoded':
      return { contentType: media.type, body: bytes(writePairs(tree, binding.fields)) }
    case 'bytes':
      return writeBytes(tree, uploads.get('')?.[0], read, meter)
    case 'multipart':
      return writeMultipart(tree, binding.fields, read, { boundary: boundary(), meter })
  }
}

function concrete(type: string, otherwise: string): string {
  return type.includes('*') ? otherwise : type
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text, 'utf8')
}

function writeBytes(
  tree: Json,
  upload: Bytes | undefined,
  { declared }: ReadBody,
  meter: UploadMeter,
): WrittenBody | undefined {
  if (!isObject(tree) || upload === undefined) return undefined
  const contentType = writeScalar(tree['content_type'])
  if (upload.kind === 'held') return { contentType, body: upload.bytes }
  const body = Readable.from(meter.through(upload.pieces(), declared), { objectMode: false })
  const { size } = tree
  return { contentType, body, ...(size !== undefined && { length: writeScalar(size) }) }
}

/** A piece of a form: text of ours, or the bytes of an upload. */
type Piece = Buffer | Bytes

function writeMultipart(
  tree: Json,
  fields: readonly HttpField[],
  { uploads }: ReadBody,
  { boundary, meter }: { readonly boundary: string; readonly meter: UploadMeter },
): WrittenBody {
  const pieces: Piece[] = []
  const late: Piece[] = []
  const head = (name: string, more: string) =>
    bytes(
      `--${boundary}\r\ncontent-disposition: form-data; name="${escaped(name)}"${more}\r\n\r\n`,
    ) as Buffer
  for (const field of fields) {
    const value = isObject(tree) ? tree[field.name] : undefined
    if (value === undefined) continue
    if (field.shape.kind === 'file' || field.shape.kind === 'files') {
      const files = Array.isArray(value) ? value : [value]
      files.forEach((file, at) => {
        const upload = uploads.get(field.name)?.[at]
        if (!isObject(file) || upload === undefined) throw new TypeError('an upload without bytes')
        const named = file['filename']
        const filename = typeof named === 'string' ? `; filename="${escaped(named)}"` : ''
        const type = `\r\ncontent-type: ${writeScalar(file['content_type'])}`
        const list = upload.kind === 'coming' ? late : pieces
        list.push(head(field.name, `${filename}${type}`), upload, bytes('\r\n') as Buffer)
      })
      continue
    }
    for (const [name, text] of textsOf(value, field)) {
      const json = field.shape.kind === 'json' ? '\r\ncontent-type: application/json' : ''
      pieces.push(head(name, json), bytes(`${text}\r\n`) as Buffer)
    }
  }
  const all = [...pieces, ...late, bytes(`--${boundary}--\r\n`) as Buffer]
  const contentType = `multipart/form-data; boundary=${boundary}`
  if (late.length > 0) {
    return { contentType, body: Readable.from(joined(all, meter), { objectMode: false }) }
  }
  return {
    contentType,
    body: Buffer.concat(all.map((piece) => (Buffer.isBuffer(piece) ? piece : heldOf(piece)))),
  }
}

/** The texts of a field, each under the name that it has in the form. */
function textsOf(value: Json, field: HttpField): readonly (readonly [string, string])[] {
  const { explode, name, shape, style } = field
  if (shape.kind === 'json') return [[name, stringifyJson(value)]]
  if (isObject(value)) {
    const deep = style === 'deepObject'
    return Object.entries(value).map(
      ([member, inner]) => [deep ? `${name}[${member}]` : member, writeScalar(inner)] as const,
    )
  }
  if (!Array.isArray(value)) return [[name, writeScalar(value)]]
  const texts = value.map(writeScalar)
  return explode ? texts.map((text) => [name, text] as const) : [[name, texts.join(',')]]
}

function heldOf(upload: Bytes): Buffer {
  if (upload.kind === 'held') return upload.bytes
  throw new TypeError('bytes that are still to come')
}

async function* joined(
  pieces: readonly Piece[],
  meter: UploadMeter,
): AsyncGenerator<Buffer, void, undefined> {
  for (const piece of pieces) {
    if (Buffer.isBuffer(piece)) yield piece
    else if (piece.kind === 'held') yield piece.bytes
    else yield* meter.through(piece.pieces(), undefined)
  }
}

/** RFC 7578 §2, as WHATWG writes it: what would end the name is escaped. */
function escaped(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}
