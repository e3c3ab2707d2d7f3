// Holds the assertion by which an enforcer is known: a short JWT that its own key signed (RFC 7523 §3), reusable until it ends.

import type { KeyObject } from 'node:crypto'
import { Fault } from '../../std/fault.ts'
import { audienceOf, numericDate, readJws, verifyJws, type Jws } from '../../wire/jwt.ts'
import { enforcerFault } from './faults.ts'

const ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519'] as const
/** How far in the future an assertion may end (ms), and how far ahead of ours its clock may be. */
const MAX_LIFE_MS = 300_000
const SKEW_MS = 30_000

function wrong(why: string, cause?: unknown): Fault {
  return enforcerFault('enforcer.assertion', `the assertion is not good: ${why}`, cause)
}

/** An assertion taken apart: whose it says it is. Nothing about it is verified yet. Throws `enforcer.assertion`. */
export function readAssertion(text: string): { readonly name: string; readonly jws: Jws } {
  let jws: Jws
  try {
    jws = readJws(text, { typ: [undefined, 'JWT'], algorithms: ALGORITHMS })
  } catch (cause) {
    throw wrong('it is no signed JWT', cause)
  }
  const { iss, sub } = jws.payload
  if (typeof iss !== 'string' || iss !== sub) throw wrong('iss and sub are not one name')
  return { name: iss, jws }
}

/** Verifies an assertion: signed by the key, meant for us alone, now. Answers when it ends. Throws `enforcer.assertion`. */
export function checkAssertion(
  jws: Jws,
  key: KeyObject,
  { audience, now }: { readonly audience: string; readonly now: number },
): number {
  try {
    verifyJws(jws, key)
  } catch (cause) {
    throw wrong('the key of the enforcer did not sign it', cause)
  }
  const [only, ...more] = audienceOf(jws.payload) ?? []
  if (only !== audience || more.length > 0) throw wrong('it is not meant for this decision point')
  const ends = numericDate(jws.payload['exp'])
  if (ends === undefined || ends <= now) throw wrong('it has ended')
  if (ends > now + MAX_LIFE_MS + SKEW_MS) throw wrong('it lives longer than five minutes')
  for (const member of ['iat', 'nbf']) {
    if (jws.payload[member] === undefined) continue
    const at = numericDate(jws.payload[member])
    if (at === undefined || at > now + SKEW_MS) throw wrong('it is of the future')
  }
  return ends
}
