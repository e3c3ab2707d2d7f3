// Holds the reading of a request's body, bounded.

import type { IncomingMessage } from 'node:http'
import { systemTimer } from '../std/timer.ts'

/** Bytes of one request body. */
export const BODY_LIMIT = 1_048_576

/** Bytes of a body over the limit that are read and dropped; the connection of who sends more is cut. */
const READ_OVER = 16 * BODY_LIMIT

/** How long all of it may take (ms). */
const BODY_MS = 30_000

/** The body; `slow` when it took too long, undefined when it broke off. */
export function readBody(
  request: IncomingMessage,
): Promise<Uint8Array | 'too-large' | 'slow' | undefined> {
  return new Promise((resolve) => {
    const cancel = systemTimer.after(BODY_MS, () => resolve('slow'))
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= BODY_LIMIT) chunks.push(chunk)
      else if (size <= READ_OVER) resolve('too-large')
      else request.destroy()
    })
    request.on('close', cancel)
    request.on('end', () => {
      cancel()
      resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))
    })
    request.on('error', () => resolve(undefined))
    request.on('aborted', () => resolve(undefined))
  })
}
