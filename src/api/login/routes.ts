// Holds the routes of signing in: by a link that is opened once, by a passkey, and out again.

import { z } from 'zod'
import {
  Onward,
  OpenLink,
  PasskeyAssertion,
  PasskeyLogin,
  PasskeyOptions,
  PasskeyRegistration,
  WantsBack,
} from '../../wire/api/login.ts'
import { fault } from '../faults.ts'
import { servePageFiles } from '../page/static.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { noSessionCookie, sessionCookie } from '../session/cookie.ts'
import { checkCsrf, checkOwnPage, sessionOf, type SignedIn } from '../session/session-of.ts'
import { onward, returnPath } from '../session/way-in.ts'
import { serveProviders } from './providers.ts'
import { accountPage, loginPage } from './pages.ts'
import { Passkeys } from './passkeys.ts'

const HTML = { media: 'text/html' }
const JSON_MEDIA = { media: 'application/json' }

/** Serves signing in and what a person sees of themselves. */
export function serveLogin(surface: Surface, ports: ControlPorts): void {
  const passkeys = new Passkeys(ports)
  servePageFiles(surface)
  serveProviders(surface, ports)
  servePages(surface, ports)
  serveWaysIn(surface, ports, passkeys)
  serveAccount(surface, ports, passkeys)
}

function servePages(surface: Surface, { authority, console: built }: ControlPorts): void {
  surface.open(
    'GET /',
    { summary: 'Leads to the console, or to the account', answer: HTML },
    () => {
      const location = built === undefined ? '/account' : '/console/'
      return new Response(null, { status: 303, headers: { location } })
    },
  )
  surface.open(
    'GET /login',
    {
      summary: 'The page of signing in',
      query: z.strictObject({ return_to: z.string().max(2_048).optional() }),
      answer: HTML,
    },
    ({ query }) => {
      // Needs no cookie, so it is not asked for again: that would lose what stands behind the `#`.
      const sources = authority.sessions.sources.list().map(({ name }) => name)
      return loginPage({ sources, returnTo: returnPath(query.return_to) })
    },
  )
}

/** The answer that puts a session into the browser, in place of the one that it had: a session is never handed on. */
async function signIn(
  { authority }: ControlPorts,
  request: Request,
  of: { readonly person: string; readonly by: string; readonly next: string },
): Promise<Response> {
  const before = sessionOf(authority, request)
  const { cookie } = await authority.sessions.open({ person: of.person, by: of.by })
  if (before !== undefined) {
    await authority.sessions.end(before.session.hash, { reason: 'signed in anew' })
  }
  return new Response(JSON.stringify({ next: of.next } satisfies z.infer<typeof Onward>), {
    headers: { 'content-type': 'application/json', 'set-cookie': sessionCookie(cookie) },
  })
}

function serveWaysIn(surface: Surface, ports: ControlPorts, passkeys: Passkeys): void {
  const { people, sessions } = ports.authority
  surface.open(
    'POST /login/link',
    { summary: 'Open a one-time link', body: OpenLink, answer: JSON_MEDIA },
    async ({ request, body }) => {
      checkOwnPage(request)
      const person = await sessions.links.open(body.secret)
      const hasPasskey = (people.get(person)?.passkeys ?? []).length > 0
      const next = hasPasskey ? returnPath(body.return_to) : '/account?welcome=1'
      return signIn(ports, request, { person, by: 'link', next })
    },
  )
  surface.open(
    'POST /login/passkey/options',
    { summary: 'Begin to sign in with a passkey', answer: PasskeyOptions },
    async ({ request }) => {
      checkOwnPage(request)
      return { ...(await passkeys.login()) }
    },
  )
  surface.open(
    'POST /login/passkey',
    { summary: 'Sign in with a passkey', body: PasskeyLogin, answer: JSON_MEDIA },
    async ({ request, body }) => {
      checkOwnPage(request)
      const { id: person } = await passkeys.loggedIn(body.assertion)
      return signIn(ports, request, { person, by: 'passkey', next: returnPath(body.return_to) })
    },
  )
  surface.signedIn(
    'POST /logout',
    { summary: 'End this session', form: z.strictObject({ csrf: z.string() }), answer: HTML },
    async ({ signedIn, form }) => {
      checkCsrf(signedIn, form.csrf)
      const { session, person } = signedIn
      await sessions.end(session.hash, { reason: 'signed out', person: person.id })
      return onward('/login', [noSessionCookie()])
    },
  )
}

/** How long after signing in, or after showing presence, a passkey can be registered (ms): a session left open is not enough. */
const FRESH_MS = 900_000

/** Throws `session.stale` unless the person of the session has just shown who they are. */
function checkFresh({ session }: SignedIn, now: number): void {
  if (now - (session.presentAt ?? session.createdAt) < FRESH_MS) return
  throw fault('session.stale', 'it is too long since this person showed who they are')
}

function serveAccount(surface: Surface, ports: ControlPorts, passkeys: Passkeys): void {
  const { people, sessions } = ports.authority
  surface.signedIn(
    'GET /account',
    {
      summary: 'What a person sees of themselves',
      query: z.strictObject({ welcome: z.literal('1').optional() }),
      answer: HTML,
    },
    ({ signedIn, query }) =>
      accountPage(signedIn, {
        sessions: sessions.listOf(signedIn.person.id).length,
        welcome: query.welcome !== undefined,
      }),
  )
  surface.signedIn(
    'POST /account/passkeys/options',
    { summary: 'Begin to register a passkey', body: WantsBack, answer: PasskeyOptions },
    async ({ signedIn }) => {
      checkFresh(signedIn, ports.clock.now())
      return { ...(await passkeys.registration(signedIn.person, signedIn.session.hash)) }
    },
  )
  surface.signedIn(
    'POST /account/passkeys',
    { summary: 'Register a passkey', body: PasskeyRegistration, answer: Onward },
    async ({ signedIn: { person, session }, body }) => {
      await passkeys.register(person, session.hash, body)
      return { next: '/account' }
    },
  )
  surface.signedIn(
    'POST /account/passkeys/remove',
    {
      summary: 'Take a passkey of one’s own away',
      form: z.strictObject({ csrf: z.string(), passkey: z.string().max(1_400) }),
      answer: HTML,
    },
    async ({ signedIn, form }) => {
      checkCsrf(signedIn, form.csrf)
      const { id } = signedIn.person
      await people.removePasskey(id, form.passkey, { person: id, reason: 'removed by its person' })
      return new Response(null, { status: 303, headers: { location: '/account' } })
    },
  )
  surface.signedIn(
    'POST /account/presence/options',
    { summary: 'Begin to show presence', body: WantsBack, answer: PasskeyOptions },
    async ({ signedIn: { person, session } }) => ({
      ...(await passkeys.presence(person, session.hash)),
    }),
  )
  surface.signedIn(
    'POST /account/presence',
    { summary: 'Show presence with a passkey', body: PasskeyAssertion, answer: Onward },
    async ({ signedIn: { person, session }, body }) => {
      await passkeys.isPresent(person, session.hash, body)
      await sessions.present(session.hash, body.id)
      return { next: '/account' }
    },
  )
}
