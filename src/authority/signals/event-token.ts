// Holds the check of a security event token (RFC 8417) as SSF 1.0 and CAEP profile it: whose it is, for whom, and what it says.

import { decodeProtectedHeader, errors, jwtVerify } from 'jose'
import { base64url, sha256, utf8 } from '../../std/bytes.ts'
import type { Clock } from '../../std/clock.ts'
import { Fault } from '../../std/fault.ts'
import { isObject, parseJson, type Json, type JsonObject } from '../../std/json.ts'
import type { TrustSource } from '../../store/rows/trust-source.ts'
import type { IssuerKeys } from '../trust/issuer-keys.ts'
import { signalFault } from './faults.ts'

/** Asymmetric; RS256 is what the CAEP interoperability profile asks for. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519']
const MAX_JTI = 256
/** How far a sender's clock may be ahead of ours, and how late an event may come (ms): a transmitter tries again for days. */
const AHEAD_MS = 300_000
export const LATE_MS = 7 * 86_400_000

/** One event that somebody whose word counts has signed for us. */
export interface SecurityEvent {
  /** By which the same event is known again: `set:` and a digest of the issuer and its `jti`. */
  readonly id: string
  /** The type, a URI. */
  readonly type: string
  readonly payload: JsonObject
  readonly subject: Json | undefined
  /** When it happened, as the event says, or when it was signed; ms since the epoch. */
  readonly at: number
}

/** Reads a token of a source. Throws `signal.*`, and `trust.unreachable` where the keys cannot be had. */
export async function readEventToken(
  token: string,
  {
    source,
    keys,
    clock,
  }: {
    readonly source: TrustSource
    readonly keys: IssuerKeys
    readonly clock: Clock
  },
): Promise<SecurityEvent> {
  checkType(token)
  const payload = await verified(token, source, keys, clock)
  const { jti, iat } = payload
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI) {
    throw signalFault('signal.request', '`jti` is missing, or no identifier')
  }
  if (typeof iat !== 'number') throw signalFault('signal.request', '`iat` is missing')
  const age = clock.now() - iat * 1000
  if (age > LATE_MS)
    throw signalFault('signal.request', 'the event was signed more than a week ago')
  if (age < -AHEAD_MS) throw signalFault('signal.request', '`iat` is in the future')
  for (const claim of ['exp', 'sub']) {
    if (payload[claim] !== undefined)
      throw signalFault('signal.request', `\`${claim}\` has no place in it`)
  }
  const [type, event] = onlyEvent(payload)
  const { event_timestamp: happened } = event
  return {
    id: `set:${base64url(sha256(utf8(`${source.issuer}\n${jti}`)))}`,
    type,
    payload: event,
    // Events from before SSF 1.0 have it inside.
    subject: payload['sub_id'] ?? event['subject'],
    at:
      typeof happened === 'number' && happened > 0 && happened <= iat
        ? happened * 1000
        : iat * 1000,
  }
}

/** RFC 8417 §2.3, SSF 1.0 “Explicit Typing of SETs”: the type is said, so that no token that was made for something else is taken for an event. */
function checkType(token: string): void {
  let typ: unknown
  try {
    ;({ typ } = decodeProtectedHeader(token))
  } catch (cause) {
    throw signalFault('signal.request', 'the body is no signed token', cause)
  }
  if (typeof typ === 'string' && /^(?:application\/)?secevent\+jwt$/i.test(typ)) return
  throw signalFault('signal.request', 'its `typ` is not secevent+jwt')
}

async function verified(
  token: string,
  source: TrustSource,
  keys: IssuerKeys,
  clock: Clock,
): Promise<JsonObject> {
  try {
    await jwtVerify(token, keys.find, {
      algorithms: ALGORITHMS,
      issuer: source.issuer,
      audience: source.audience,
      currentDate: new Date(clock.now()),
    })
    // Read once more, strictly: a member that is there twice means one thing to whoever signed it, and another here.
    const payload = parseJson(Buffer.from(token.split('.')[1] ?? '', 'base64url'))
    if (isObject(payload)) return payload
    throw signalFault('signal.request', 'the claims are no object')
  } catch (error) {
    if (error instanceof Fault) throw error.code.startsWith('json.') ? unreadable(error) : error
    if (error instanceof errors.JWTClaimValidationFailed) {
      if (error.claim === 'iss')
        throw signalFault('signal.issuer', '`iss` is another issuer', error)
      if (error.claim === 'aud')
        throw signalFault('signal.audience', '`aud` does not name us', error)
    }
    if (
      error instanceof errors.JWSSignatureVerificationFailed ||
      error instanceof errors.JWKSNoMatchingKey ||
      error instanceof errors.JWKSMultipleMatchingKeys ||
      error instanceof errors.JOSEAlgNotAllowed
    ) {
      throw signalFault('signal.key', 'no key of the issuer has signed it so', error)
    }
    throw unreadable(error)
  }
}

function unreadable(cause: unknown): Error {
  return signalFault('signal.request', 'the token cannot be read', cause)
}

/** The CAEP interoperability profile, “Security Event Token”: one event in a token. */
function onlyEvent({ events }: JsonObject): [string, JsonObject] {
  const all = isObject(events) ? Object.entries(events) : []
  const [first] = all
  if (first === undefined || all.length !== 1 || !isObject(first[1])) {
    throw signalFault('signal.request', '`events` does not hold exactly one event')
  }
  return [first[0], first[1]]
}
