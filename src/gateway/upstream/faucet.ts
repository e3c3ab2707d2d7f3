// Holds the bound on what one upstream may say in a while: a flood of one must not take the time of all the others.

import type { Readable } from 'node:stream'

/** The window over which is counted (ms). */
const WINDOW_MS = 50
/** Bytes and lines of one process in a window: 20 MB and 40,000 messages a second, far above what tools need. */
const WINDOW_BYTES = 1_048_576
const WINDOW_LINES = 2_000

/**
 * Passes chunks on, and stops reading for the rest of the window once there was too much. The pipe then fills, and the
 * upstream waits: nothing is lost.
 */
export function throttle(stream: Readable, onChunk: (chunk: Buffer) => void): void {
  let bytes = 0
  let lines = 0
  let timer: NodeJS.Timeout | undefined
  const open = (): void => {
    timer = undefined
    bytes = 0
    lines = 0
    stream.resume()
  }
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, at + 1)) lines++
    timer ??= setTimeout(open, WINDOW_MS).unref()
    if (bytes >= WINDOW_BYTES || lines >= WINDOW_LINES) stream.pause()
    onChunk(chunk)
  })
}
