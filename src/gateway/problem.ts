// Holds the answers that are no MCP exchange: problem+json (RFC 9457), with a challenge where a credential is missing.

import type { ServerResponse } from 'node:http'
import type { CredentialRefusal } from './credential/refusal.ts'
import { GATEWAY_FAULTS, type GatewayCode } from './faults.ts'

/** The document of a refusal. */
export function problemText(of: {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly next: string
}): string {
  const { status, code, detail, next } = of
  return JSON.stringify({ type: 'about:blank', title: code, status, code, detail, next })
}

/** Answers with a code of ours. */
export function problem(response: ServerResponse, code: GatewayCode, detail: string): void {
  const { status, next } = GATEWAY_FAULTS[code]
  write(response, { status, code, detail, next }, status === 405 ? { allow: 'POST' } : {})
}

/** Answers that a credential was not taken, with what to do about it (RFC 9110 §11.6.1). */
export function challenged(
  response: ServerResponse,
  refusal: CredentialRefusal,
  headers: { readonly challenges: readonly string[]; readonly nonce: string },
): void {
  const { challenges, nonce } = headers
  const told = refusal.status === 401 || refusal.status === 403
  write(response, refusal, {
    'cache-control': 'no-store',
    ...(told && { 'www-authenticate': [...challenges], 'dpop-nonce': nonce }),
  })
}

function write(
  response: ServerResponse,
  of: Parameters<typeof problemText>[0],
  headers: Readonly<Record<string, string | string[]>>,
): void {
  const body = problemText(of)
  response.writeHead(of.status, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    // Who is still sending would lose this answer with the connection: the rest of its body is read over instead.
    ...(of.code !== 'http.body' && { connection: 'close' }),
    ...headers,
  })
  response.end(body)
}
