// Holds what travels between an instance and the identity listener: join tokens, requests and answers, and their parsers.

import { base64url, fromBase64url, hex } from '../std/bytes.ts'
import { faults, type FaultCatalogue } from '../std/fault.ts'
import { isObject, type Json, type JsonObject } from '../std/json.ts'

/** Codes of these parsers. */
export const IDENTITY_WIRE_FAULTS = {
  'identity.request': {
    status: 400,
    next: 'send exactly the members that the reference page of this route lists',
  },
  'identity.answer': {
    status: 502,
    next: 'check that the address is that of the identity listener of this authority',
  },
  'join_token.malformed': {
    status: 400,
    next: 'paste the whole join token, beginning with bwj1',
  },
} as const satisfies FaultCatalogue

const fault = faults(IDENTITY_WIRE_FAULTS)

/** A join token, taken apart. History: bwj1 secret and authority fingerprint. */
export interface JoinToken {
  /** 32 random bytes: whoever has them may enrol once. */
  readonly secret: Uint8Array
  /** SHA-256 of the DER of the authority's root certificate, base64url. */
  readonly authority: string
}

/** `bwj1.<secret>.<authority fingerprint>`. */
export function formatJoinToken(token: JoinToken): string {
  return `bwj1.${base64url(token.secret)}.${token.authority}`
}

/** Reads a join token; throws `join_token.malformed`, never quoting the text. */
export function parseJoinToken(text: string): JoinToken {
  const [version, secretText, authority, ...more] = text.split('.')
  const secret = fromBase64url(secretText ?? '')
  const pin = fromBase64url(authority ?? '')
  if (
    version !== 'bwj1' ||
    more.length > 0 ||
    authority === undefined ||
    secret?.length !== 32 ||
    pin?.length !== 32 ||
    base64url(secret) !== secretText ||
    base64url(pin) !== authority
  ) {
    throw fault('join_token.malformed', 'this is not a join token of version bwj1')
  }
  return { secret, authority }
}

/**
 * The server name (SNI) by which a client tells the identity listener which root it pins, so that it is shown a leaf of that one
 * even while a rotation is under way. `fingerprint` is SHA-256 of the root, base64url; half of it names it well enough, since
 * the client checks the whole.
 */
export function rootServerName(fingerprint: string): string {
  const digest = hex(fromBase64url(fingerprint) ?? new Uint8Array())
  return `${digest.slice(0, 32)}.root.bailiwick.localhost`
}

/** True when a server name asks for this root. */
export function rootOfServerName(name: string, fingerprint: string): boolean {
  return name.toLowerCase() === rootServerName(fingerprint)
}

/** Body of `POST /v1/enroll`. History: v1. */
export interface EnrolRequest {
  readonly token: string
  /** PKCS#10 in PEM. */
  readonly csr: string
  /** What the instance says that it is made of, by element; counts as claimed. */
  readonly composition?: Readonly<Record<string, string>>
}

/** Body of `POST /v1/renew`. History: v1. */
export interface RenewRequest {
  readonly csr: string
}

/** What enrolling and renewing answer. History: v1. */
export interface IssuedIdentity {
  /** Instance id (UUIDv7). */
  readonly instance: string
  readonly spiffe_id: string
  /** The instance's certificate, then whatever stands between it and the bundle; PEM. */
  readonly certificates: string
  /** The trust domain's root certificates, PEM. */
  readonly bundle: string
  /** RFC 3339. */
  readonly not_after: string
  /** When renewing starts to make sense, RFC 3339. */
  readonly renew_after: string
  /** The instance's absolute life; after it only fresh attestation helps. RFC 3339. */
  readonly life_ends: string
}

/** The named members of an object, all of them texts; `only` refuses any other member. */
function texts<K extends string>(
  value: Json,
  names: readonly K[],
  only: boolean,
): Record<K, string> | undefined {
  if (!isObject(value)) return undefined
  if (only && Object.keys(value).length !== names.length) return undefined
  const out: JsonObject = {}
  for (const name of names) {
    const member = value[name]
    if (typeof member !== 'string') return undefined
    out[name] = member
  }
  return out as Record<K, string>
}

/** Reads the body of `POST /v1/enroll`. */
export function parseEnrolRequest(value: Json): EnrolRequest {
  const { composition, ...rest } = isObject(value) ? value : {}
  const read = texts(rest, ['token', 'csr'], true)
  if (read === undefined) throw fault('identity.request', 'the body is not {token, csr}, both text')
  return composition === undefined ? read : { ...read, composition: readComposition(composition) }
}

/** Elements of a composition by name; which there are, and what they may be, is for the authority to say. Throws `identity.request`. */
export function readComposition(value: Json): Readonly<Record<string, string>> {
  const entries = isObject(value) ? Object.entries(value) : []
  const said = entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  if (!isObject(value) || said.length !== entries.length || entries.length > 4) {
    throw fault('identity.request', '`composition` is not an object of at most four texts')
  }
  return Object.fromEntries(said)
}

/** Reads the body of `POST /v1/renew`. */
export function parseRenewRequest(value: Json): RenewRequest {
  const read = texts(value, ['csr'], true)
  if (read === undefined) throw fault('identity.request', 'the body is not {csr}, as text')
  return read
}

const ISSUED = [
  'instance',
  'spiffe_id',
  'certificates',
  'bundle',
  'not_after',
  'renew_after',
  'life_ends',
] as const

/** Reads what enrolling and renewing answered; members that a newer server adds are left alone. */
export function parseIssuedIdentity(value: Json): IssuedIdentity {
  const read = texts(value, ISSUED, false)
  if (read === undefined) throw fault('identity.answer', 'the answer is not an issued identity')
  return read
}
