// Holds bytes, base64 and SHA-256 with what every browser and runtime has: no module of any platform.

/** Bytes that WebCrypto takes. */
export type Bytes = Uint8Array<ArrayBuffer>

/** UTF-8 of a text. */
export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text)
}

/** Laid end to end. */
export function joined(...parts: readonly Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** Standard base64 with padding (RFC 4648 §4). */
export function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}

/** Bytes of base64; undefined for anything that `toBase64` would not have written. */
export function fromBase64(text: string): Bytes | undefined {
  let raw
  try {
    raw = atob(text)
  } catch {
    return undefined
  }
  const bytes = Uint8Array.from(raw, (character) => character.charCodeAt(0))
  return toBase64(bytes) === text ? bytes : undefined
}

/** Lower-case hexadecimal digits. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** SHA-256 by WebCrypto. */
export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
}

/** Whether both are the same bytes. */
export function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at])
}
