// Holds identifiers: UUIDv7 (RFC 9562 §5.7), which sort by the time they were made.

import type { Clock } from './clock.ts'
import type { Entropy } from './entropy.ts'

/** Makes a UUIDv7: 48 bits of milliseconds, 74 random bits. */
export function uuidv7(clock: Clock, entropy: Entropy): string {
  const bytes = entropy.bytes(16)
  let ms = clock.now()
  for (let i = 5; i >= 0; i--) {
    bytes[i] = ms % 256
    ms = Math.floor(ms / 256)
  }
  bytes[6] = (bytes[6]! & 0x0f) | 0x70
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, 16).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** True for the text of any UUID, lower case. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text)
}

/** A name of an agent, system, role or person: lower case letters, digits, single hyphens; 1 to 63 characters. */
export function isName(text: string): boolean {
  return text.length <= 63 && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(text)
}
