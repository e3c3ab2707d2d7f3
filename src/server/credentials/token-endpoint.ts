// Holds asking a token endpoint of somebody else's: strict, bounded, without redirects, and never quoting what it said.

import { z } from 'zod'
import type { Timer } from '../../std/timer.ts'
import type { Clock } from '../../std/clock.ts'
import { guardedFetch, type FetchOptions } from '../../gateway/net/fetch.ts'
import type { Network } from '../../gateway/net/network.ts'
import { isObject, JsonNumber, parseJson, REQUEST_LIMITS, type JsonObject } from '../../std/json.ts'
import { credentialFault } from './faults.ts'

/** Bytes of an answer. */
const MOST_ANSWER = 65_536
/** The longest that a token is believed to live (ms): a year. */
const MOST_LIFE_S = 31_536_000

/** What asking needs. */
export interface TokenPorts {
  readonly network: Network
  readonly clock: Clock
  readonly timer: Timer
}

/** Who we are to the endpoint. */
export interface Client {
  readonly id: string
  /** Client secret; absent: none, or mutual TLS. */
  readonly secret?: string
  readonly tls?: NonNullable<FetchOptions['tls']>
}

/** One request to an endpoint. */
export interface TokenAsk {
  readonly url: string
  /** Exceptions of the system; clear text beyond this machine is never one of them here (RFC 6749 §3.2). */
  readonly reach: FetchOptions['reach']
  readonly client: Client
  readonly form: Readonly<Record<string, string | undefined>>
}

/** A token as it was granted. */
export interface Granted {
  readonly access: string
  readonly refresh?: string
  /** ms since the epoch. */
  readonly expiresAt?: number
  readonly scope?: string
  /** RFC 8693 §2.2.1. */
  readonly issuedType?: string
}

/** RFC 6749 appendix A: what a token consists of. */
const Token = z.string().regex(/^[\x20-\x7e]{1,16384}$/)

/** RFC 6749 §5.1. Members that are not known are left alone. */
const Answer = z.object({
  access_token: Token,
  // §7.1: a type that is not understood must not be used. Bearer is compared without case.
  token_type: z.string().regex(/^bearer$/i),
  expires_in: z.int().min(0).max(MOST_LIFE_S).optional(),
  refresh_token: Token.optional(),
  scope: z
    .string()
    .regex(/^[\x20-\x7e]{0,4096}$/)
    .optional(),
  issued_token_type: z.string().max(256).optional(),
})

/** Codes of RFC 6749 §5.2, RFC 8693 §2.2.2, RFC 8707 §2 that are repeated; anything else that a server says is not. */
const KNOWN_ERRORS: ReadonlySet<string> = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
])

/** Why the endpoint refused: one of the known codes, or the empty text. */
export class TokenRefused {
  readonly error: string
  constructor(error: string) {
    this.error = error
  }
}

/** Asks for a token. A refusal is a value; rejects with `net.*`, `credential.token_answer`, or the reason of the signal. */
export async function askToken(ports: TokenPorts, ask: TokenAsk): Promise<Granted | TokenRefused> {
  const { status, headers, bytes } = await post(ports, ask)
  const tree = jsonOf(headers['content-type'], bytes)
  if (status >= 400 && status < 500) {
    const { error } = tree ?? {}
    return new TokenRefused(typeof error === 'string' && KNOWN_ERRORS.has(error) ? error : '')
  }
  const read = Answer.safeParse(status === 200 ? plain(tree) : undefined)
  if (!read.success) {
    // What it answered may hold a token, so nothing of it is kept, not even as a cause.
    throw credentialFault('credential.token_answer', 'the token endpoint answered what is no token')
  }
  const { access_token: access, expires_in, refresh_token: refresh, scope } = read.data
  const { issued_token_type: issuedType } = read.data
  return {
    access,
    ...(refresh !== undefined && { refresh }),
    ...(expires_in !== undefined && { expiresAt: ports.clock.now() + expires_in * 1_000 }),
    ...(scope !== undefined && scope !== '' && { scope }),
    ...(issuedType !== undefined && { issuedType }),
  }
}

/** Takes a token back at its system (RFC 7009). Never rejects: it ends by itself, too. True where the system said yes. */
export async function revokeToken(
  ports: TokenPorts,
  ask: Omit<TokenAsk, 'form'> & {
    readonly token: string
    readonly hint: 'access_token' | 'refresh_token'
  },
): Promise<boolean> {
  const form = { token: ask.token, token_type_hint: ask.hint }
  try {
    return (await post(ports, { ...ask, form })).status === 200
  } catch {
    // What keeps it from being revoked keeps nothing else from going on.
    return false
  }
}

function post(ports: TokenPorts, { url, reach, client, form }: TokenAsk) {
  const body = new URLSearchParams()
  for (const [name, value] of Object.entries(form)) if (value !== undefined) body.set(name, value)
  const headers: Record<string, string> = {
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
  }
  if (client.secret === undefined) body.set('client_id', client.id)
  else headers['authorization'] = `Basic ${basicPair(client.id, client.secret)}`
  return guardedFetch(ports.network, url, {
    timer: ports.timer,
    reach: reach.private === true ? { private: true } : {},
    ...(client.tls !== undefined && { tls: client.tls }),
    method: 'POST',
    headers,
    body: body.toString(),
    maxBytes: MOST_ANSWER,
  })
}

/** RFC 6749 §2.3.1: both halves are form-encoded before they are joined. */
function basicPair(id: string, secret: string): string {
  const encoded = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1)
  return Buffer.from(`${encoded(id)}:${encoded(secret)}`).toString('base64')
}

function jsonOf(type: unknown, bytes: Uint8Array): JsonObject | undefined {
  if (typeof type !== 'string' || !/^application\/json\s*(?:;|$)/i.test(type)) return undefined
  try {
    const tree = parseJson(bytes, REQUEST_LIMITS)
    return isObject(tree) ? tree : undefined
  } catch {
    // No JSON that we read: the answer is none, whatever it holds.
    return undefined
  }
}

/** Numbers that stand for themselves as JavaScript has them. */
function plain(tree: JsonObject | undefined): unknown {
  if (tree === undefined) return undefined
  return Object.fromEntries(
    Object.entries(tree).map(([name, value]) => [
      name,
      value instanceof JsonNumber ? Number(value.text) : value,
    ]),
  )
}
