// Holds reading standard input to its end, bounded.

import { fault } from './faults.ts'
import type { Shell } from './shell.ts'

const LIMIT = 1_048_576

/** Everything on standard input; throws `cli.usage` for more than 1 MB. */
export async function wholeInput({ stdin }: Pick<Shell, 'stdin'>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stdin as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > LIMIT) throw fault('cli.usage', 'standard input is larger than 1 MB')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
