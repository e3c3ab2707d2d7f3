// Holds what a front says of a connection before the first byte of it: who is at the other end, and that a front says so.

import { timingSafeEqual } from 'node:crypto'
import type { Socket } from 'node:net'
import { z } from 'zod'
import type { Peer } from './peer.ts'

/** Bytes of the secret that only the threads of this process share. */
export const SECRET_BYTES = 32

/** Above what a certificate's fingerprint and an address take. */
const MAX_BYTES = 1_024

/** What the owner answers once it knows; only then the front passes bytes on. */
export const READY = 0x06

const PeerShape = z.strictObject({
  certificate: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  address: z.string().max(64),
})

/** The frame: the secret, the length of what follows (two bytes, big-endian), and the peer as JSON. */
export function prelude(secret: Uint8Array, peer: Peer): Buffer {
  const said = Buffer.from(JSON.stringify(peer), 'utf8')
  const length = Buffer.alloc(2)
  length.writeUInt16BE(said.length)
  return Buffer.concat([secret, length, said])
}

/**
 * Reads the frame of a connection and tells who is behind it; undefined where it is none of our fronts, or ended first. Nothing
 * follows the frame before it was answered, so no byte of the connection itself is ever read here.
 */
export function readPrelude(socket: Socket, secret: Uint8Array): Promise<Peer | undefined> {
  return new Promise((resolve) => {
    let held = Buffer.alloc(0)
    const settle = (peer: Peer | undefined): void => {
      socket.off('readable', onReadable).off('close', onClose)
      resolve(peer)
    }
    const onClose = (): void => settle(undefined)
    const onReadable = (): void => {
      const chunk = socket.read() as Buffer | null
      if (chunk === null) return
      held = Buffer.concat([held, chunk])
      const head = SECRET_BYTES + 2
      if (held.length < head) return
      if (!timingSafeEqual(held.subarray(0, SECRET_BYTES), secret)) return settle(undefined)
      const length = held.readUInt16BE(SECRET_BYTES)
      if (length > MAX_BYTES || held.length > head + length) return settle(undefined)
      if (held.length < head + length) return
      settle(peerIn(held.subarray(head)))
    }
    socket.on('readable', onReadable).once('close', onClose)
  })
}

function peerIn(bytes: Buffer): Peer | undefined {
  let tree: unknown
  try {
    tree = JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
  const { data } = PeerShape.safeParse(tree)
  if (data === undefined) return undefined
  const { address, certificate } = data
  return { address, ...(certificate !== undefined && { certificate }) }
}
