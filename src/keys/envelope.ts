// Holds the envelope: a value under a data key of its own, and that key wrapped under a key-encryption key (NIST SP 800-57 §5.3.5).

import { base64url, fromBase64url } from '../std/bytes.ts'
import type { Entropy } from '../std/entropy.ts'
import { faults } from '../std/fault.ts'
import { KEYS_FAULTS } from './faults.ts'
import type { Sealer } from './ring.ts'
import { sealerOf } from './sealer.ts'

const fault = faults(KEYS_FAULTS)

/** What an envelope begins with; a value that was sealed before there were envelopes has no dot in it. History: e1. */
const VERSION = 'e1'

/** An envelope taken apart. */
interface Parts {
  /** Id of the key-encryption key. */
  readonly key: string
  readonly wrapped: Uint8Array
  readonly sealed: Uint8Array
}

/**
 * Seals a value: `e1.<key id>.<wrapped data key>.<sealed value>`, the last two base64url. Data key and value are both bound to the
 * context, so neither is worth anything in another one.
 */
export function sealEnvelope(
  plain: Uint8Array,
  context: string,
  by: { readonly kek: Sealer; readonly entropy: Entropy },
): string {
  const key = by.entropy.bytes(32)
  try {
    const wrapped = by.kek.seal(key, wrapContext(context))
    const sealed = sealerOf(key, by.entropy).seal(plain, context)
    return [VERSION, by.kek.keyId, base64url(wrapped), base64url(sealed)].join('.')
  } finally {
    key.fill(0)
  }
}

/** Opens an envelope with the key that it names. Throws `keys.unsealable`. */
export function openEnvelope(
  text: string,
  context: string,
  by: { readonly kekOf: (keyId: string) => Sealer | undefined; readonly entropy: Entropy },
): Uint8Array {
  const { key, wrapped, sealed } = readEnvelope(text)
  const dataKey = keyNamed(by.kekOf, key).open(wrapped, wrapContext(context))
  try {
    return sealerOf(dataKey, by.entropy).open(sealed, context)
  } finally {
    dataKey.fill(0)
  }
}

/** The same value with its data key wrapped under another key. The value itself is neither opened nor changed. */
export function rewrapEnvelope(
  text: string,
  context: string,
  by: { readonly kekOf: (keyId: string) => Sealer | undefined; readonly to: Sealer },
): string {
  const { key, wrapped, sealed } = readEnvelope(text)
  const dataKey = keyNamed(by.kekOf, key).open(wrapped, wrapContext(context))
  try {
    const again = by.to.seal(dataKey, wrapContext(context))
    return [VERSION, by.to.keyId, base64url(again), base64url(sealed)].join('.')
  } finally {
    dataKey.fill(0)
  }
}

/** Id of the key that a text is wrapped under; undefined where it is no envelope. */
export function envelopeKey(text: string): string | undefined {
  const [version, key] = text.split('.', 2)
  return version === VERSION ? key : undefined
}

function readEnvelope(text: string): Parts {
  const [version, key, wrapped = '', sealed = '', ...more] = text.split('.', 5)
  const bytes = [canonical(wrapped), canonical(sealed)] as const
  const whole = bytes[0] !== undefined && bytes[1] !== undefined && more.length === 0
  if (version !== VERSION || key === undefined || !whole) {
    throw fault('keys.unsealable', 'a sealed value is not in the form in which values are sealed')
  }
  return { key, wrapped: bytes[0]!, sealed: bytes[1]! }
}

/** Bytes of a text that says them in the one way in which we write them: bits that nobody reads are zero (RFC 4648 §3.5). */
function canonical(text: string): Uint8Array | undefined {
  const bytes = fromBase64url(text)
  return bytes !== undefined && base64url(bytes) === text ? bytes : undefined
}

function keyNamed(kekOf: (keyId: string) => Sealer | undefined, keyId: string): Sealer {
  const found = kekOf(keyId)
  if (found !== undefined) return found
  throw fault('keys.unsealable', 'a value is sealed under a key that is not in custody')
}

function wrapContext(context: string): string {
  return `wrap\n${context}`
}
