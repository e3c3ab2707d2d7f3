// Holds the reading of a whole body up to a bound.

import type { Readable } from 'node:stream'
import { netFailure } from './failure.ts'
import { netFault } from './faults.ts'

/** All bytes of a body. Rejects with `net.too_large` beyond the bound, and ends the body then; else with what `netFailure` says. */
export async function readBounded(body: Readable, most: number): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.byteLength
      if (length > most) throw netFault('net.too_large', `the answer is larger than ${most} bytes`)
      chunks.push(chunk)
    }
  } catch (error) {
    throw netFailure(error)
  }
  return Buffer.concat(chunks)
}

/** The one value of a header; undefined where it is missing or came more than once. */
export function headerOf(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  name: string,
): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}
