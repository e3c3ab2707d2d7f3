// Holds lines in and out: bounded, and never faster than whoever is at the other end.

import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { asLine } from '../../std/json-line.ts'

/** Bytes of one line that are kept; what is longer is read over to its end. */
export const LINE_LIMIT = 16_777_216

const FEED = 0x0a
const RETURN = 0x0d

/** Cuts bytes into lines, without their ends; empty lines are left out. Reads on only when asked for the next line. */
export async function* readLines(
  input: AsyncIterable<Uint8Array>,
  limit: number = LINE_LIMIT,
): AsyncGenerator<Uint8Array | 'too-long'> {
  let pieces: Uint8Array[] = []
  let size = 0
  const take = (): Uint8Array | 'too-long' | undefined => {
    const line = size > limit ? 'too-long' : Buffer.concat(pieces)
    pieces = []
    size = 0
    if (line === 'too-long') return line
    const end = line.at(-1) === RETURN ? line.length - 1 : line.length
    return end === 0 ? undefined : line.subarray(0, end)
  }
  for await (const chunk of input) {
    let from = 0
    for (;;) {
      const at = chunk.indexOf(FEED, from)
      const piece = chunk.subarray(from, at < 0 ? chunk.length : at)
      size += piece.length
      if (size > limit) pieces = []
      else pieces.push(piece)
      if (at < 0) break
      from = at + 1
      const line = take()
      if (line !== undefined) yield line
    }
  }
  const last = take()
  if (last !== undefined) yield last
}

/** Writes JSON texts as whole lines in turn; a line is written when the one before has been taken. */
export class LineWriter {
  readonly #output: Writable
  readonly #gone = new AbortController()
  #turn: Promise<void> = Promise.resolve()

  constructor(output: Writable) {
    this.#output = output
    // Whoever read us has left: what waits to be written is dropped, and nobody waits for ever.
    const leave = (): void => this.#gone.abort()
    output.on('error', leave).on('close', leave)
  }

  /** Aborted when nobody reads any more. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  /** Resolves when the reader has room for more. Never rejects. */
  write(line: string): Promise<void> {
    this.#turn = this.#turn.then(() => this.#write(line))
    return this.#turn
  }

  async #write(line: string): Promise<void> {
    if (this.gone.aborted || this.#output.write(`${asLine(line)}\n`)) return
    try {
      await once(this.#output, 'drain', { signal: this.gone })
    } catch (error) {
      if (!this.gone.aborted) throw error
    }
  }
}
