// Holds the fault codes of signing in.

import type { FaultCatalogue } from '../../std/fault.ts'

const AGAIN = 'sign in again: run `bailiwick login`, or open /login'

/** Codes of sessions and of what opens them. */
export const SESSION_FAULTS = {
  'session.missing': { status: 401, next: AGAIN },
  'session.ended': { status: 401, next: AGAIN },
  'session.nobody': { status: 403, next: 'ask an administrator' },
  'session.stale': { status: 403, next: 'sign in again, and do it within a quarter of an hour' },
  'login.link': { status: 403, next: 'run `bailiwick login` for a new link' },
  'login.passkey': { status: 403, next: 'use another passkey, or run `bailiwick login`' },
  'login.provider': {
    status: 502,
    next: 'try again; if it stays, an administrator looks at the trust source and at the server’s log',
  },
  'login.refused': { status: 403, next: 'begin again at /login' },
  'login.no_source': { status: 404, next: 'begin again at /login' },
  'login.busy': { status: 429, next: 'try again in a few minutes' },
} as const satisfies FaultCatalogue
