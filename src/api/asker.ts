// Holds who asks: a person's program by its proof, or a person's browser by its session. One answer for both, for every route.

import type { Clock } from '../std/clock.ts'
import { fault } from './faults.ts'
import { Operators, type Claimed, type Person } from './operator.ts'
import type { ControlPorts } from './ports.ts'
import { sessionSecret } from './session/cookie.ts'
import { checkOwnPage, sessionOf, type SignedIn } from './session/session-of.ts'

/** Somebody who asks, as the head of the request shows it: a session is known by then, a proof has to fit the body as well. */
export type Claim =
  | { readonly proven: Claimed; readonly signedIn?: undefined }
  | { readonly signedIn: SignedIn; readonly proven?: undefined }

/** Who asks. */
export interface Asker {
  readonly person: Person
  /** Where they ask with a browser. */
  readonly session?: SignedIn
  /** Where their key signed this very request: which key, and the body's bytes that it signed. */
  readonly signed?: { readonly kid: string; readonly body: Uint8Array }
}

/**
 * Knows who asks. A request with an Authorization header is judged by that alone; a cookie counts only where the browser says
 * that a page of ours sent it. No credential of an agent is either of the two (INV-9).
 */
export class Askers {
  readonly #operators: Operators
  readonly #authority: Pick<ControlPorts['authority'], 'people' | 'sessions'>

  constructor(authority: Pick<ControlPorts['authority'], 'people' | 'sessions'>, clock: Clock) {
    this.#operators = new Operators(authority.people, clock)
    this.#authority = authority
  }

  /** Looks at the head. Throws an `operator.*`, `session.*` or `api.origin` Fault. */
  identify(request: Request): Claim {
    const authorization = request.headers.get('authorization')
    if (authorization === null && sessionSecret(request) !== undefined) {
      const signedIn = this.find(request)
      if (signedIn === undefined) throw fault('session.ended', 'the session has ended')
      checkOwnPage(request)
      return { signedIn }
    }
    const { method } = request
    return {
      proven: this.#operators.identify({ authorization, method, target: targetOf(request) }),
    }
  }

  /** Binds the claim to the body's bytes. */
  admit(claim: Claim, body: Uint8Array): Asker {
    if (claim.signedIn === undefined) {
      const { kid } = claim.proven.proof
      return { person: this.#operators.admit(claim.proven, body), signed: { kid, body } }
    }
    return { person: claim.signedIn.person, session: claim.signedIn }
  }

  /** Who is signed in; undefined for nobody. */
  find(request: Request): SignedIn | undefined {
    return sessionOf(this.#authority, request)
  }
}

/** Path with query, as it was sent. */
function targetOf(request: Request): string {
  const { url } = request
  return url.slice(url.indexOf('/', url.indexOf('//') + 2))
}
