// Holds who is signed in behind a request, and the proof that the request comes from a page of ours.

import { timingSafeEqual } from 'node:crypto'
import { base64url, sha256, utf8 } from '../../std/bytes.ts'
import type { Sessions } from '../../authority/sessions/sessions.ts'
import { fault } from '../faults.ts'
import { sessionSecret } from './cookie.ts'

type LiveSession = NonNullable<ReturnType<Sessions['find']>>

/** Somebody who is signed in. */
export interface SignedIn extends LiveSession {
  /** What every form of a page carries back (`csrf`): known to who has the session's secret, different for every session. */
  readonly csrf: string
}

/** Who is signed in behind a request; undefined for nobody. Asking counts as use of the session. */
export function sessionOf(
  authority: { readonly sessions: Pick<Sessions, 'find'> },
  request: Request,
): SignedIn | undefined {
  const secret = sessionSecret(request)
  if (secret === undefined) return undefined
  const live = authority.sessions.find(secret)
  if (live === undefined) return undefined
  return { ...live, csrf: base64url(sha256(`bailiwick/csrf/v1\n${secret}`)) }
}

/**
 * Throws `api.origin` unless a page of ours sent the request: for whatever a browser does by itself with a cookie. That an
 * Origin, where there is one, is exactly ours is checked before any route; here it has to be there, and the browser has to
 * say the same of it (Fetch Metadata). A form of another port of this host is same-site, and is refused.
 */
export function checkOwnPage(request: Request): void {
  const { headers } = request
  const reading = request.method === 'GET'
  const site = headers.get('sec-fetch-site')
  if (reading ? site === 'cross-site' || site === 'same-site' : site !== 'same-origin') {
    throw fault('api.origin', 'the request does not come from a page of this listener')
  }
  if (!reading && headers.get('origin') === null) {
    throw fault('api.origin', 'the request does not say which page it comes from')
  }
}

/** Throws `api.csrf` unless the form that was sent is of this very session. */
export function checkCsrf({ csrf }: SignedIn, sent: string): void {
  const [ours, theirs] = [utf8(csrf), utf8(sent)]
  if (ours.length !== theirs.length || !timingSafeEqual(ours, theirs)) {
    throw fault('api.csrf', 'the form is of another session')
  }
}
