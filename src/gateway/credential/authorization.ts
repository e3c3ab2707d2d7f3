// Holds the reading of the Authorization header: one, of a scheme that we know, with a token of bounded size.

import type { IncomingMessage } from 'node:http'
import type { Presented } from '../../wire/presented.ts'
import { refuseCredential, type CredentialRefusal } from './refusal.ts'

/** Characters that a token has at most. */
const MAX_TOKEN = 8_192

/** RFC 6750 §2.1 `b64token`. Schemes are compared without regard to case (RFC 9110 §11.1). */
const HEADER = /^(dpop|bearer) +([A-Za-z0-9\-._~+/]+=*)$/i

type Shown = NonNullable<Presented['token']>

/** The token of a request; undefined where there is no such header. More than one header is nobody's credential. */
export function readAuthorization(request: IncomingMessage): Shown | CredentialRefusal | undefined {
  // Node keeps the first of several and says nothing: what another reader takes for the last must not be another's.
  const given = request.headersDistinct['authorization']
  const [value, ...more] = given ?? []
  if (value === undefined) return undefined
  const malformed = (detail: string): CredentialRefusal =>
    refuseCredential('authenticate.header', detail, { error: 'invalid_request' })
  if (more.length > 0) return malformed('more than one Authorization header was sent')
  if (value.length > MAX_TOKEN) return malformed('the Authorization header is too long')
  const match = HEADER.exec(value)
  const [, scheme = '', text = ''] = match ?? []
  if (match === null) return malformed('the Authorization header is neither DPoP nor Bearer')
  return { scheme: scheme.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', text }
}
