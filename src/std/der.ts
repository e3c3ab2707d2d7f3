// Holds DER (X.690 §10 and §11): a small writer, and a reader that refuses every other encoding of the same value.

import { faults, type FaultCatalogue } from './fault.ts'

/** Codes of the reader. */
export const DER_FAULTS = {
  'der.malformed': { status: 400, next: 'send the structure in DER, as X.690 defines it' },
} as const satisfies FaultCatalogue

const fault = faults(DER_FAULTS)

/** Tags that certificates and requests use. Only low tag numbers (below 31) exist here. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** One value: tag, length in the fewest octets, and the parts one after another. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const octets = length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x10000 ? 2 : 3
  if (length >= 0x1000000) throw new RangeError('a DER value of 16 MB or more')
  const out = new Uint8Array(2 + octets + length)
  out[0] = tag
  out[1] = octets === 0 ? length : 0x80 | octets
  for (let i = 0; i < octets; i++) out[2 + i] = (length >>> (8 * (octets - 1 - i))) & 0xff
  let at = 2 + octets
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** SEQUENCE. */
export function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return der(TAG.sequence, ...parts)
}

/** SET of one member: larger sets need sorting (X.690 §11.6) and nothing here has one. */
export function set(member: Uint8Array): Uint8Array {
  return der(TAG.set, member)
}

/** A non-negative INTEGER from its big-endian octets: no superfluous zero, and one where the first bit is set. */
export function integer(magnitude: Uint8Array): Uint8Array {
  let start = 0
  while (start < magnitude.length - 1 && magnitude[start] === 0) start++
  const digits = magnitude.subarray(start)
  if (digits.length === 0) return der(TAG.integer, Uint8Array.of(0))
  return digits[0]! >= 0x80 ? der(TAG.integer, Uint8Array.of(0), digits) : der(TAG.integer, digits)
}

/** BOOLEAN TRUE; DER leaves FALSE out wherever it is the default. */
export const TRUE: Uint8Array = Uint8Array.of(TAG.boolean, 1, 0xff)

/** OBJECT IDENTIFIER from its dotted text. */
export function oid(dotted: string): Uint8Array {
  const [first, second, ...rest] = dotted.split('.').map(Number) as [number, number, ...number[]]
  const out: number[] = []
  for (const arc of [first * 40 + second, ...rest]) {
    const septets = [arc & 0x7f]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
      septets.unshift((left & 0x7f) | 0x80)
    }
    out.push(...septets)
  }
  return der(TAG.oid, Uint8Array.from(out))
}

/** BIT STRING of whole octets, or of fewer bits where the last `unused` are zero. */
export function bitString(bits: Uint8Array, unused = 0): Uint8Array {
  return der(TAG.bitString, Uint8Array.of(unused), bits)
}

/** OCTET STRING around the parts. */
export function octetString(...parts: readonly Uint8Array[]): Uint8Array {
  return der(TAG.octetString, ...parts)
}

/** UTF8String. */
export function utf8String(text: string): Uint8Array {
  return der(TAG.utf8String, Buffer.from(text, 'utf8'))
}

/** `[n]` EXPLICIT, or IMPLICIT over something constructed. */
export function context(n: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return der(0xa0 | n, ...parts)
}

/** `[n]` IMPLICIT over something primitive. */
export function contextPrimitive(n: number, content: Uint8Array): Uint8Array {
  return der(0x80 | n, content)
}

/** Time as RFC 5280 §4.1.2.5 wants it: UTCTime through 2049, GeneralizedTime from 2050, whole seconds, UTC. */
export function time(ms: number): Uint8Array {
  const digits = new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')
  const year = Number(digits.slice(0, 4))
  return year >= 1950 && year < 2050
    ? der(TAG.utcTime, Buffer.from(`${digits.slice(2)}Z`, 'latin1'))
    : der(TAG.generalizedTime, Buffer.from(`${digits}Z`, 'latin1'))
}

/** One value as read. Both views share the memory of what was read. */
export interface DerValue {
  readonly tag: number
  /** The content octets. */
  readonly content: Uint8Array
  /** Tag, length and content. */
  readonly whole: Uint8Array
}

/** Reads the value that starts `bytes` and says nothing of what follows it. */
function readValue(bytes: Uint8Array): DerValue {
  const tag = bytes[0]
  const first = bytes[1]
  if (tag === undefined || first === undefined) throw fault('der.malformed', 'a value is cut short')
  if ((tag & 0x1f) === 0x1f) throw fault('der.malformed', 'a tag has more than one octet')
  let length = first
  let start = 2
  if (first >= 0x80) {
    const octets = first & 0x7f
    if (octets === 0 || octets > 3) throw fault('der.malformed', 'a length is indefinite or huge')
    length = 0
    for (let i = 0; i < octets; i++) length = length * 256 + (bytes[2 + i] ?? 0)
    start += octets
    if (length < 0x80 || length < 256 ** (octets - 1)) {
      throw fault('der.malformed', 'a length has more octets than it needs')
    }
  }
  if (start + length > bytes.length) throw fault('der.malformed', 'a value is cut short')
  return {
    tag,
    content: bytes.subarray(start, start + length),
    whole: bytes.subarray(0, start + length),
  }
}

/** Reads exactly one value of the given tag; anything after it is refused. Throws a Fault of DER_FAULTS. */
export function readDer(bytes: Uint8Array, tag: number): DerValue {
  const value = readValue(bytes)
  if (value.whole.length !== bytes.length) {
    throw fault('der.malformed', 'there are octets after the value')
  }
  if (value.tag !== tag) throw fault('der.malformed', 'a value has another tag than expected')
  return value
}

/** The values inside a constructed one, in order. Throws a Fault of DER_FAULTS. */
export function derChildren(value: DerValue): DerValue[] {
  if ((value.tag & 0x20) === 0) throw fault('der.malformed', 'a value has no parts')
  const out: DerValue[] = []
  for (let rest = value.content; rest.length > 0;) {
    const child = readValue(rest)
    out.push(child)
    rest = rest.subarray(child.whole.length)
  }
  return out
}
