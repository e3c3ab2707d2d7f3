// Holds the undoing of what a system compressed although nobody asked it to: bounded, so that little does not become very much.

import type { Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { netFault } from '../net/faults.ts'

/** Bytes that may come out before the proportion counts, and what it may be. Text compresses by ten, lists of the same by fifty. */
const FREE = 4_194_304
const MOST_TIMES = 100

const DECODERS: Readonly<Record<string, () => ReturnType<typeof createGunzip>>> = {
  gzip: () => createGunzip(),
  'x-gzip': () => createGunzip(),
  deflate: () => createInflate(),
  br: () => createBrotliDecompress() as ReturnType<typeof createGunzip>,
}

/**
 * The bytes of a body without its content coding (RFC 9110 §8.4). Throws `net.malformed` for a coding that is not read, and then or on the
 * way `net.too_large` for a body that grows beyond reason.
 */
export function decoded(body: Readable, coding: string | undefined): AsyncIterable<Buffer> {
  const name = coding?.trim().toLowerCase() ?? ''
  if (name === '' || name === 'identity') return body
  const decoder = DECODERS[name]?.()
  if (decoder === undefined) {
    body.destroy()
    throw netFault('net.malformed', 'the answer has a content coding that nobody asked for')
  }
  return inflated(body, decoder)
}

async function* inflated(
  body: Readable,
  decoder: ReturnType<typeof createGunzip>,
): AsyncGenerator<Buffer, void, undefined> {
  let came = 0
  let made = 0
  body.on('data', (chunk: Buffer) => (came += chunk.length))
  body.on('error', (error) => decoder.destroy(error))
  body.pipe(decoder)
  try {
    for await (const chunk of decoder as AsyncIterable<Buffer>) {
      made += chunk.length
      if (made > FREE && made > MOST_TIMES * came) {
        throw netFault('net.too_large', 'the answer grows beyond reason when it is decompressed')
      }
      yield chunk
    }
  } finally {
    decoder.destroy()
    body.destroy()
  }
}
