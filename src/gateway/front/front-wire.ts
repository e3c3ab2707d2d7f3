// Holds what fronts and their owner tell each other, across threads of one process.

import type { SecureContextOptions } from 'node:tls'

/** Key, certificates and trust of a listener, as text. */
export type FrontCredential = Pick<SecureContextOptions, 'key' | 'cert' | 'ca' | 'minVersion'>

/** What a front begins with. */
export interface FrontData {
  readonly host: string
  readonly port: number
  /** Of the owner's socket. */
  readonly path: string
  /** Shows the owner that a connection comes by a front. */
  readonly secret: Uint8Array
  readonly credential: FrontCredential
  readonly handshakeMs: number
  readonly maxConnections: number
}

/** What a front is told. */
export type FrontOrder =
  { readonly kind: 'certify'; readonly credential: FrontCredential } | { readonly kind: 'close' }

/** What a front tells. */
export type FrontReport =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'failed'; readonly reason: string }
  /** A handshake that did not succeed. */
  | { readonly kind: 'broken' }
