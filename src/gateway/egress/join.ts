// Holds the joining of two connections: bytes go both ways until either ends, and neither outlives the other.

import type { Duplex } from 'node:stream'

/** Carries bytes both ways. What one has said to its end still reaches the other; what breaks takes the other with it. */
export function joinStreams(one: Duplex, other: Duplex): void {
  carry(one, other)
  carry(other, one)
}

function carry(from: Duplex, to: Duplex): void {
  from.on('error', () => to.destroy())
  from.on('close', () => {
    if (!from.readableEnded || to.writableFinished) to.destroy()
    else to.once('finish', () => to.destroy())
  })
  from.pipe(to)
}
