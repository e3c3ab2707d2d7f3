// Holds the routes of consent: the authorization endpoint that people see, and the list of what they have agreed to.

import { z } from 'zod'
import { Fault } from '../../std/fault.ts'
import { serveConsentList } from './list.ts'
import { Authorize } from './authorize.ts'
import { troublePage } from './other-pages.ts'
import { consentFault } from '../../authority/consent/faults.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { checkCsrf, sessionOf, type SignedIn } from '../session/session-of.ts'
import { toLogin, withOwnCookies } from '../session/way-in.ts'

/** What the forms of these pages send; the ticks are `t0`, `t1` and so on. */
const ConsentForm = z
  .object({
    csrf: z.string(),
    request: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
    action: z.enum(['allow', 'deny', 'own', 'discover']),
    mode: z.enum(['all', 'some']).optional(),
    life: z
      .string()
      .regex(/^\d{1,5}$/)
      .optional(),
    reason: z.string().max(2_000).optional(),
  })
  .catchall(z.string().max(8))

/** The longest way back from signing in. */
const MOST_PATH = 2_048

/** Serves consent. */
export function serveConsent(surface: Surface, ports: ControlPorts): void {
  const authorize = new Authorize(ports)
  surface.open(
    'GET /oauth/authorize',
    { summary: 'The authorization endpoint (RFC 6749 §3.1)', answer: { media: 'text/html' } },
    async ({ request }) => {
      const signedIn = sessionOf(ports.authority, request)
      return orPage(signedIn, async () => {
        const { pathname, search, searchParams } = new URL(request.url)
        if (pathname.length + search.length > MOST_PATH) {
          throw consentFault(
            'consent.request',
            `the request is longer than ${MOST_PATH} characters`,
          )
        }
        const again = withOwnCookies(request)
        if (again !== undefined) return again
        if (signedIn !== undefined) return authorize.show(signedIn, searchParams, pathname + search)
        return (await authorize.nobody(searchParams)) ?? toLogin(request)
      })
    },
  )
  surface.signedIn(
    'POST /oauth/authorize',
    { summary: "A person's answer to a client", form: ConsentForm, answer: { media: 'text/html' } },
    ({ form, signedIn }) =>
      orPage(signedIn, () => {
        checkCsrf(signedIn, form.csrf)
        return authorize.answer(signedIn, form)
      }),
  )
  serveConsentList(surface, ports.consents)
}

/** Whatever is thrown on the way is a page: nothing says yet, or any more, that somebody else may be told. */
async function orPage(
  signedIn: SignedIn | undefined,
  work: () => Promise<Response>,
): Promise<Response> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Fault) || error.status >= 500) throw error
    const { status, detail, next, code } = error
    return troublePage({ status, detail, next, code, ...(signedIn !== undefined && { signedIn }) })
  }
}
