// Holds the reading of a client ID metadata document (draft-ietf-oauth-client-id-metadata-document-02 §4, RFC 7591 §2).

import { createPublicKey, type KeyObject } from 'node:crypto'
import { Fault } from '../../std/fault.ts'
import { isObject, parseJson, REQUEST_LIMITS, type Json, type JsonObject } from '../../std/json.ts'
import { keyFits, type JwsAlgorithm } from '../../wire/jwt.ts'
import { consentFault } from './faults.ts'
import { isRedirectUri } from './redirect.ts'

/** Bytes of a document that are read (§8.7). */
export const MAX_DOCUMENT = 5_120

const MOST_REDIRECTS = 32
const MOST_KEYS = 8
/** Members of a JWK that only a private or a symmetric key has (RFC 7518 §6). */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** A key of a client that authenticates itself. */
export interface ClientKey {
  readonly kid?: string
  readonly alg: JwsAlgorithm
  readonly key: KeyObject
}

/** What a client says of itself, checked. Nothing of it is vouched for by anybody but its host. */
export interface ClientDocument {
  /** The URL that it was fetched from. */
  readonly id: string
  /** What it calls itself. Not escaped, not made inert. */
  readonly name: string
  /** Addresses at which it can be answered; others of the document are left out (RFC 9700 §2.1). */
  readonly redirects: readonly string[]
  readonly method: 'none' | 'private_key_jwt'
  /** Empty for `none`. */
  readonly keys: readonly ClientKey[]
  /** Whether it can use refresh tokens. */
  readonly refreshes: boolean
  /** It promises to prove a key with every token (RFC 9449 §5.2). */
  readonly bound: boolean
}

/** Reads the document that was served at `id`. Throws `client.document` or `client.method`. */
export function readClientDocument(bytes: Uint8Array, id: string): ClientDocument {
  const document = parsed(bytes)
  if (document['client_id'] !== id) {
    throw refuse('names another `client_id` than the URL that it is served at')
  }
  // §4.1: there is no way to agree on a secret, so there is none.
  if ('client_secret' in document || 'client_secret_expires_at' in document) {
    throw refuse('has a client secret')
  }
  const name = document['client_name']
  if (typeof name !== 'string' || name.trim() === '' || name.length > 200) {
    throw refuse('needs a `client_name` of 1 to 200 characters')
  }
  const grants = texts(document, 'grant_types') ?? ['authorization_code']
  if (!grants.includes('authorization_code')) throw refuse('does not use `authorization_code`')
  if (!(texts(document, 'response_types') ?? ['code']).includes('code')) {
    throw refuse('does not use the response type `code`')
  }
  const bound = document['dpop_bound_access_tokens'] ?? false
  if (typeof bound !== 'boolean') throw refuse('has `dpop_bound_access_tokens` that is no boolean')
  return {
    id,
    name,
    redirects: redirectsOf(document),
    ...authentication(document),
    refreshes: grants.includes('refresh_token'),
    bound,
  }
}

function parsed(bytes: Uint8Array): JsonObject {
  let tree: Json
  try {
    tree = parseJson(bytes, { ...REQUEST_LIMITS, bytes: MAX_DOCUMENT, depth: 8 })
  } catch (cause) {
    if (cause instanceof Fault)
      throw consentFault('client.document', `the client document: ${cause.detail}`, cause)
    throw cause
  }
  if (!isObject(tree)) throw refuse('is no JSON object')
  return tree
}

function redirectsOf(document: JsonObject): readonly string[] {
  const said = texts(document, 'redirect_uris')
  if (said === undefined) throw refuse('has no `redirect_uris`')
  if (said.length > MOST_REDIRECTS) throw refuse(`has more than ${MOST_REDIRECTS} redirect URIs`)
  const usable = said.filter(isRedirectUri)
  if (usable.length === 0) throw refuse('has no redirect URI that is https or on loopback')
  return usable
}

/** How the client shows who it is. A document that says nothing is of a public client: it could have no secret. */
function authentication(document: JsonObject): Pick<ClientDocument, 'method' | 'keys'> {
  const method = document['token_endpoint_auth_method'] ?? 'none'
  if (method === 'none') return { method, keys: [] }
  if (method !== 'private_key_jwt') {
    throw consentFault(
      'client.method',
      'the client authenticates itself in a way that is not served here',
    )
  }
  if ('jwks_uri' in document) {
    throw consentFault(
      'client.method',
      'the client publishes its keys elsewhere; they have to stand in its document',
    )
  }
  const { jwks } = document
  const keys = isObject(jwks) ? jwks['keys'] : undefined
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > MOST_KEYS) {
    throw refuse(`needs a \`jwks\` with 1 to ${MOST_KEYS} keys`)
  }
  return { method, keys: keys.map(keyOf) }
}

function keyOf(jwk: Json): ClientKey {
  if (!isObject(jwk)) throw refuse('has a key that is none')
  // Whoever publishes a private key has lost it.
  if (PRIVATE.some((member) => member in jwk)) throw refuse('publishes a private key')
  const members: Record<string, string> = {}
  for (const name of ['kty', 'crv', 'x', 'y', 'n', 'e']) {
    const value = jwk[name]
    if (typeof value === 'string') members[name] = value
  }
  const kid = jwk['kid']
  let key: KeyObject
  try {
    key = createPublicKey({ key: members, format: 'jwk' })
  } catch (cause) {
    throw consentFault('client.document', 'the client document has a key that is none', cause)
  }
  const said = jwk['alg']
  const alg = (['ES256', 'EdDSA', 'PS256', 'RS256'] as const).find(
    (one) => keyFits(one, key) && (said === undefined || said === one),
  )
  if (alg === undefined) throw refuse('has a key of a kind that is not served here')
  return { alg, key, ...(typeof kid === 'string' && { kid }) }
}

/** A list of texts; undefined where there is none. */
function texts(document: JsonObject, name: string): readonly string[] | undefined {
  const value = document[name]
  if (value === undefined) return undefined
  if (!Array.isArray(value) || !value.every((one): one is string => typeof one === 'string')) {
    throw refuse(`has \`${name}\` that is no list of texts`)
  }
  return value
}

function refuse(what: string): Fault {
  return consentFault('client.document', `the client document ${what}`)
}
