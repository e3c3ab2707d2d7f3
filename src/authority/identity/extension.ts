// Holds the X.509 extensions that we write (RFC 5280 §4.2), each as its DER.

import { sha256, utf8 } from '../../std/bytes.ts'
import {
  bitString,
  context,
  contextPrimitive,
  integer,
  octetString,
  oid,
  readDer,
  derChildren,
  sequence,
  TAG,
  TRUE,
} from '../../std/der.ts'

/** A name in a subjectAltName. */
export type AltName =
  | { readonly uri: string }
  | { readonly dns: string }
  /** Four octets or sixteen. */
  | { readonly ip: Uint8Array }

function extension(id: Uint8Array, critical: boolean, value: Uint8Array): Uint8Array {
  return critical ? sequence(id, TRUE, octetString(value)) : sequence(id, octetString(value))
}

const SUBJECT_KEY = oid('2.5.29.14')
const KEY_USAGE = oid('2.5.29.15')
const ALT_NAME = oid('2.5.29.17')
const BASIC_CONSTRAINTS = oid('2.5.29.19')
const AUTHORITY_KEY = oid('2.5.29.35')
const EXTENDED_KEY_USAGE = oid('2.5.29.37')

/** Basic constraints of a root that signs leaves only: CA, no authority below it. */
export const AUTHORITY_CONSTRAINTS: Uint8Array = extension(
  BASIC_CONSTRAINTS,
  true,
  sequence(TRUE, integer(Uint8Array.of(0))),
)

/** Basic constraints of a leaf. `cA` is FALSE by default, and DER leaves defaults out. */
export const LEAF_CONSTRAINTS: Uint8Array = extension(BASIC_CONSTRAINTS, true, sequence())

/** Key usage keyCertSign and cRLSign (bits 5 and 6). */
export const AUTHORITY_USAGE: Uint8Array = extension(
  KEY_USAGE,
  true,
  bitString(Uint8Array.of(0b0000_0110), 1),
)

/** Key usage digitalSignature (bit 0), which is all that TLS 1.3 needs. */
export const LEAF_USAGE: Uint8Array = extension(
  KEY_USAGE,
  true,
  bitString(Uint8Array.of(0b1000_0000), 7),
)

/** Extended key usage serverAuth and clientAuth (X509-SVID §4.4). */
export const LEAF_PURPOSES: Uint8Array = extension(
  EXTENDED_KEY_USAGE,
  false,
  sequence(oid('1.3.6.1.5.5.7.3.1'), oid('1.3.6.1.5.5.7.3.2')),
)

/** Key identifier of a SubjectPublicKeyInfo: the first 160 bits of SHA-256 over its key (RFC 7093 §2, method 1). */
export function keyIdentifier(spki: Uint8Array): Uint8Array {
  const bits = derChildren(readDer(spki, TAG.sequence))[1]
  if (bits === undefined) throw new TypeError('a SubjectPublicKeyInfo without a key')
  return sha256(bits.content.subarray(1)).subarray(0, 20)
}

/** Subject key identifier. */
export function subjectKey(identifier: Uint8Array): Uint8Array {
  return extension(SUBJECT_KEY, false, octetString(identifier))
}

/** Authority key identifier. */
export function authorityKey(identifier: Uint8Array): Uint8Array {
  return extension(AUTHORITY_KEY, false, sequence(contextPrimitive(0, identifier)))
}

/** Subject alternative names; critical where the subject is empty (RFC 5280 §4.2.1.6). */
export function altNames(names: readonly AltName[], critical: boolean): Uint8Array {
  const general = names.map((name) => {
    if ('uri' in name) return contextPrimitive(6, utf8(name.uri))
    if ('dns' in name) return contextPrimitive(2, utf8(name.dns))
    return contextPrimitive(7, name.ip)
  })
  return extension(ALT_NAME, critical, sequence(...general))
}

/** The extensions field of a certificate. */
export function extensions(...list: readonly Uint8Array[]): Uint8Array {
  return context(3, sequence(...list))
}
