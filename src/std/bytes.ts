// Holds the few conversions between bytes and text that everything uses.

import { hash } from 'node:crypto'

const encoder = new TextEncoder()

/** UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** Base64url without padding (RFC 4648 §5). */
export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
}

/** Lower-case hexadecimal. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

/** Bytes of base64url text; what is not in the alphabet makes it undefined rather than something shorter. */
export function fromBase64url(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return undefined
  return new Uint8Array(Buffer.from(text, 'base64url'))
}

/** SHA-256 of bytes or of a text's UTF-8. */
export function sha256(data: Uint8Array | string): Uint8Array {
  // By way of a text: memory that Node hands over costs more than the hash does, and as much again to give back.
  const text = hash('sha256', data, 'binary')
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

/** `sha256:<base64url>`, the form in which every digest of ours is written. */
export function digest(data: Uint8Array | string): string {
  return `sha256:${hash('sha256', data, 'base64url')}`
}
