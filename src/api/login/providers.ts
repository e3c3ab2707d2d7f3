// Holds the routes of signing in at an identity provider: there with a question of ours, and back with an answer to it.

import { z } from 'zod'
import { base64url } from '../../std/bytes.ts'
import { Fault } from '../../std/fault.ts'
import { Pending } from '../../authority/sessions/pending.ts'
import { Name } from '../../wire/api/text.ts'
import { fault } from '../faults.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { loginCookie, loginSecret, sessionCookie } from '../session/cookie.ts'
import { checkOwnPage, sessionOf } from '../session/session-of.ts'
import { onward, returnPath } from '../session/way-in.ts'
import { Provider, type Expected } from './provider.ts'

/** How long a login may take at the provider (ms). */
const LOGIN_MS = 600_000
/** Logins under way at once. */
const MOST = 1_000
/** How long what a provider says of itself holds (ms). */
const DISCOVERED_MS = 600_000

/** A login under way, known by the cookie of the browser that began it. */
interface Login {
  readonly source: string
  readonly provider: Provider
  readonly expected: Expected
  readonly returnTo: string
}

const HTML = { media: 'text/html' }
const BySource = z.strictObject({ source: Name })

/** Serves signing in at identity providers. */
export function serveProviders(surface: Surface, ports: ControlPorts): void {
  const { clock, entropy } = ports
  const providers = new Providers(ports)
  const under = new Pending<Login>(clock, { most: MOST, lifeMs: LOGIN_MS })
  surface.open(
    'POST /login/oidc/{source}',
    {
      summary: 'Begin to sign in at an identity provider',
      params: BySource,
      form: z.strictObject({ return_to: z.string().max(2_048).optional() }),
      answer: HTML,
    },
    async ({ request, params: { source }, form }) => {
      checkOwnPage(request)
      const provider = await providers.get(source)
      const { url, expected } = await told(() => provider.begin())
      const secret = base64url(entropy.bytes(32))
      under.put(secret, { source, provider, expected, returnTo: returnPath(form.return_to) })
      return onward(url.href, [loginCookie(secret, LOGIN_MS / 1000)])
    },
  )
  surface.open(
    'GET /login/oidc/{source}/callback',
    {
      summary: 'Where an identity provider sends the browser back to',
      params: BySource,
      query: z.looseObject({}),
      answer: HTML,
    },
    async ({ request, params: { source } }) => {
      const secret = loginSecret(request)
      // Taken whatever comes of it: one answer to one question.
      const login = secret === undefined ? undefined : under.take(secret)
      if (login === undefined || login.source !== source) {
        throw fault('login.refused', 'no login that this browser began is under way')
      }
      const { search } = new URL(request.url)
      const subject = await told(() => login.provider.finish(search.slice(1), login.expected))
      return finish(ports, request, { source, ...subject }, login.returnTo)
    },
  )
}

/** Opens the session of whoever the provider named. */
async function finish(
  { authority }: ControlPorts,
  request: Request,
  of: {
    readonly source: string
    readonly subject: string
    readonly name: string
    readonly groups: readonly string[]
  },
  returnTo: string,
): Promise<Response> {
  const { people, sessions } = authority
  const source = sessions.sources.get(of.source)
  if (source === undefined) throw fault('login.no_source', 'nobody signs in there any more')
  const { groupRoles = {}, issuer, name } = source
  const roles = of.groups.flatMap((group) =>
    Object.hasOwn(groupRoles, group) ? (groupRoles[group] ?? []) : [],
  )
  const subject = `${issuer} ${of.subject}`
  const person = await people.heard({ source: name, subject, name: of.name, roles })
  const before = sessionOf(authority, request)
  const { cookie } = await sessions.open({ person: person.id, by: `oidc:${name}` })
  if (before !== undefined) await sessions.end(before.session.hash, { reason: 'signed in anew' })
  // A page in between: the next request comes from here, so that the new cookie goes with it.
  return onward(returnTo, [sessionCookie(cookie), loginCookie('', 0)])
}

/** The providers, each discovered when it is first needed and again after a while. */
class Providers {
  readonly #ports: ControlPorts
  readonly #found = new Map<
    string,
    { readonly provider: Promise<Provider>; readonly until: number }
  >()

  constructor(ports: ControlPorts) {
    this.#ports = ports
  }

  async get(name: string): Promise<Provider> {
    const { authority, clock, server } = this.#ports
    const { sources } = authority.sessions
    const source = sources.get(name)
    if (source === undefined) throw fault('login.no_source', 'nobody signs in there')
    const redirectUri = `${server.facts().listeners.control}/login/oidc/${name}/callback`
    // What decides stands in the key: a source that was changed is discovered anew.
    const key = JSON.stringify([source.name, source.issuer, source.audience, source.createdAt])
    const found = this.#found.get(key)
    const now = clock.now()
    if (found !== undefined && found.until > now) return told(() => found.provider)
    const provider = Provider.discover(source, sources.secretOf(name), redirectUri)
    this.#found.clear()
    this.#found.set(key, { provider, until: now + DISCOVERED_MS })
    provider.catch(() => this.#found.delete(key))
    return told(() => provider)
  }
}

/** Whatever a provider, or what came back from it, does wrong is told in our words; theirs stay in the server's log. */
async function told<R>(work: () => Promise<R>): Promise<R> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw fault('login.provider', 'the identity provider did not confirm who this is', cause)
  }
}
