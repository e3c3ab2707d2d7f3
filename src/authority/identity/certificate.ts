// Holds the issuing of certificates: a root per trust domain, X509-SVIDs for instances, certificates for our own listeners.

import { hex } from '../../std/bytes.ts'
import type { Entropy } from '../../std/entropy.ts'
import {
  bitString,
  context,
  derChildren,
  integer,
  oid,
  readDer,
  sequence,
  set,
  TAG,
  time,
  utf8String,
} from '../../std/der.ts'
import { isTrustDomain, spiffeId, type ServerRole } from '../../wire/spiffe.ts'
import type { Signer } from '../../keys/ring.ts'
import {
  altNames,
  AUTHORITY_CONSTRAINTS,
  AUTHORITY_USAGE,
  authorityKey,
  extensions,
  keyIdentifier,
  LEAF_CONSTRAINTS,
  LEAF_PURPOSES,
  LEAF_USAGE,
  subjectKey,
  type AltName,
} from './extension.ts'
import { fault } from './faults.ts'

/** When a certificate holds: ms since the epoch, written in whole seconds, both ends inclusive (RFC 5280 §4.1.2.5). */
export interface Validity {
  readonly notBefore: number
  readonly notAfter: number
}

/** Whoever signs leaves: the root's key, with what every leaf repeats of it, encoded once. */
export interface Issuer {
  readonly trustDomain: string
  readonly signer: Signer
  /** DER of the issuer's name. */
  readonly name: Uint8Array
  /** DER of the authority key identifier extension of every leaf. */
  readonly authorityKey: Uint8Array
  readonly entropy: Entropy
}

const VERSION_3 = context(0, integer(Uint8Array.of(2)))
const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'))
const ORGANISATION = oid('2.5.4.10')
const COMMON_NAME = oid('2.5.4.3')
const NO_NAME = sequence()
/** How far before its issuance a leaf holds, for peers whose clock runs behind. */
const BACKDATE_MS = 30_000

/** Names under which our own listeners are dialled. */
const SERVER_NAMES: readonly AltName[] = [
  { dns: 'localhost' },
  { dns: 'bailiwick.localhost' },
  { ip: Uint8Array.of(127, 0, 0, 1) },
  { ip: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1) },
]

/** A name that no two root keys share, so that chains of different authorities never look alike. */
function rootName(signer: Signer): Uint8Array {
  const part = (type: Uint8Array, text: string): Uint8Array => set(sequence(type, utf8String(text)))
  return sequence(
    part(ORGANISATION, 'Bailiwick'),
    part(COMMON_NAME, `Bailiwick authority ${signer.keyId}`),
  )
}

/** Sixteen random octets, never all zero (RFC 5280 §4.1.2.2: positive, at most twenty octets). */
function serial(entropy: Entropy): Uint8Array {
  const bytes = entropy.bytes(16)
  if (bytes.every((byte) => byte === 0)) throw new RangeError('the source of randomness gave zeros')
  return integer(bytes)
}

interface Content {
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  readonly publicKey: Uint8Array
  readonly extensions: Uint8Array
}

function sign(by: Signer, entropy: Entropy, validity: Validity, content: Content): Uint8Array {
  const signed = sequence(
    VERSION_3,
    serial(entropy),
    ECDSA_SHA256,
    content.issuer,
    sequence(time(validity.notBefore), time(validity.notAfter)),
    content.subject,
    content.publicKey,
    content.extensions,
  )
  return sequence(signed, ECDSA_SHA256, bitString(by.sign(signed, 'der')))
}

/** The issuer that a certificates key is for one trust domain. */
export function issuer(trustDomain: string, signer: Signer, entropy: Entropy): Issuer {
  if (!isTrustDomain(trustDomain)) {
    throw fault('identity.trust_domain', 'this is not a trust domain name')
  }
  if (signer.algorithm !== 'ES256') throw new TypeError('certificates are signed with ES256')
  return {
    trustDomain,
    signer,
    name: rootName(signer),
    authorityKey: authorityKey(keyIdentifier(signer.publicKey)),
    entropy,
  }
}

/** The self-signed root of the issuer's trust domain: a certificate authority for leaves only. Answers DER. */
export function issueRoot(by: Issuer, validity: Validity): Uint8Array {
  return sign(by.signer, by.entropy, validity, {
    issuer: by.name,
    subject: by.name,
    publicKey: by.signer.publicKey,
    extensions: extensions(
      AUTHORITY_CONSTRAINTS,
      AUTHORITY_USAGE,
      subjectKey(keyIdentifier(by.signer.publicKey)),
      altNames([{ uri: spiffeId({ kind: 'domain', domain: by.trustDomain }) }], false),
    ),
  })
}

/**
 * When a leaf of the given life holds, asked for now: a little backdated, and in all never longer than `life`, which is at
 * most an hour (INV-8), nor past `ends`.
 */
export function leafValidity(now: number, life: number, ends = Infinity): Validity {
  const notBefore = Math.floor((now - BACKDATE_MS) / 1000) * 1000
  const notAfter = Math.min(notBefore + Math.min(life, 3_600_000), ends)
  return { notBefore, notAfter: Math.floor(notAfter / 1000) * 1000 }
}

/**
 * An X509-SVID (X509-SVID §2 to §4) for one instance: no subject, so that the SPIFFE ID is its only name. Answers DER.
 * `publicKey` is the SubjectPublicKeyInfo of a checked request.
 */
export function issueSvid(
  by: Issuer,
  of: { readonly agent: string; readonly instance: string; readonly publicKey: Uint8Array },
  validity: Validity,
): Uint8Array {
  const uri = spiffeId({ kind: 'instance', domain: by.trustDomain, ...of })
  return issueLeaf(by, of.publicKey, [{ uri }], validity)
}

/** The serial number of a certificate of ours, lower-case hex without the octet that keeps it positive. */
export function serialOf(der: Uint8Array): string {
  const [signed] = derChildren(readDer(der, TAG.sequence))
  const number = signed === undefined ? undefined : derChildren(signed)[1]
  if (number === undefined) throw new TypeError('a certificate without a serial number')
  return hex(number.content[0] === 0 ? number.content.subarray(1) : number.content)
}

/** A certificate for one of our own listeners: names of this machine and others, and a SPIFFE ID that says which listener. Answers DER. */
export function issueServer(
  by: Issuer,
  of: {
    readonly role: ServerRole
    readonly names?: readonly AltName[] | undefined
    readonly publicKey: Uint8Array
  },
  validity: Validity,
): Uint8Array {
  const uri = spiffeId({ kind: 'server', domain: by.trustDomain, role: of.role })
  return issueLeaf(by, of.publicKey, [{ uri }, ...SERVER_NAMES, ...(of.names ?? [])], validity)
}

/** A certificate for a gateway that runs on its own: by it agents know it as a gateway, and control as this one. Answers DER. */
export function issueGateway(
  by: Issuer,
  of: {
    readonly name: string
    /** Besides those of its own machine. */
    readonly names: readonly AltName[]
    readonly publicKey: Uint8Array
  },
  validity: Validity,
): Uint8Array {
  const uri = spiffeId({ kind: 'gateway', domain: by.trustDomain, name: of.name })
  return issueLeaf(by, of.publicKey, [{ uri }, ...SERVER_NAMES, ...of.names], validity)
}

function issueLeaf(
  by: Issuer,
  publicKey: Uint8Array,
  names: readonly AltName[],
  validity: Validity,
): Uint8Array {
  return sign(by.signer, by.entropy, validity, {
    issuer: by.name,
    subject: NO_NAME,
    publicKey,
    extensions: extensions(
      LEAF_CONSTRAINTS,
      LEAF_USAGE,
      LEAF_PURPOSES,
      subjectKey(keyIdentifier(publicKey)),
      by.authorityKey,
      altNames(names, true),
    ),
  })
}
