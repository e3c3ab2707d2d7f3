// Holds `private_key_jwt` of clients that are known by their documents (RFC 7523 §2.2, CIMD §8.2).

import { Fault } from '../../../std/fault.ts'
import type { ClientDocument, ClientKey } from '../../../authority/consent/client-document.ts'
import { ASSERTION_TYPES } from '../../../wire/oauth.ts'
import { readJws, verifyJws, type Jws } from '../../../wire/jwt.ts'
import { oauthFault } from '../faults.ts'
import type { Form } from '../form.ts'
import { wrongAssertion, type AssertionChecks } from './assertion-checks.ts'

/** The types that such an assertion may have: RFC 7523 names none, its revision names its own. */
const TYPES = [undefined, 'JWT', 'client-authentication+jwt'] as const

/**
 * Uses up the assertion of a form, which a key of the client's document has to have signed. Throws `oauth.client` where there is
 * none: a client that has keys is never taken for a public one.
 */
export function proveDocumented(checks: AssertionChecks, form: Form, client: ClientDocument): void {
  const assertion = form.get('client_assertion')
  if (assertion === undefined || form.get('client_assertion_type') !== ASSERTION_TYPES.jwtBearer) {
    throw oauthFault('oauth.client', 'the client has to authenticate with a key of its document')
  }
  const jws = read(assertion)
  const { iss, sub } = jws.payload
  if (iss !== client.id || sub !== client.id) throw wrongAssertion('it names another client')
  if (!client.keys.some((key) => verifies(jws, key))) {
    throw wrongAssertion('no key of the client document signed it')
  }
  checks.accept(jws, client.id)
}

function read(assertion: string): Jws {
  try {
    return readJws(assertion, { typ: TYPES, algorithms: ['ES256', 'EdDSA', 'PS256', 'RS256'] })
  } catch (cause) {
    throw oauthFault('oauth.client_assertion', 'this is not a client assertion', cause)
  }
}

function verifies(jws: Jws, { alg, kid, key }: ClientKey): boolean {
  const said = jws.header['kid']
  if (jws.alg !== alg || (kid !== undefined && said !== undefined && said !== kid)) return false
  try {
    verifyJws(jws, key)
    return true
  } catch (error) {
    if (error instanceof Fault) return false
    throw error
  }
}
