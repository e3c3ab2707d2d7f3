// Holds the pages on which a person connects to a system that is called as its users: in that person's own session and no other.

import { html } from 'hono/html'
import { z } from 'zod'
import { Fault } from '../../std/fault.ts'
import { Name } from '../../wire/api/text.ts'
import { inert } from '../../std/inert.ts'
import { page } from '../page/page.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { checkCsrf, type SignedIn } from '../session/session-of.ts'

const HTML = { media: 'text/html' }
const params = z.strictObject({ system: Name })

const ConnectForm = z.strictObject({
  csrf: z.string().max(64),
  action: z.enum(['connect', 'disconnect']),
})

/** Serves them. */
export function serveConnect(surface: Surface, ports: ControlPorts): void {
  const { credentials } = ports
  surface.signedIn(
    'GET /connect/{system}',
    {
      summary: 'Where a person connects to a system that is called as its users',
      params,
      answer: HTML,
    },
    ({ params: { system }, signedIn }) => connectPage(ports, system, signedIn),
  )
  surface.signedIn(
    'POST /connect/{system}',
    { summary: 'Begin to connect, or disconnect', params, form: ConnectForm, answer: HTML },
    async ({ params: { system }, form, signedIn }) => {
      checkCsrf(signedIn, form.csrf)
      const { person, session } = signedIn
      if (form.action === 'disconnect') {
        const by = { person: person.id, reason: 'disconnected by its person' }
        await credentials.disconnect({ system, person: person.id }, by)
        return away(`/connect/${system}`)
      }
      return away(credentials.begin({ system, person: person.id, session: session.hash }))
    },
  )
  surface.signedIn(
    'GET /connect/{system}/callback',
    {
      summary: 'Where the provider of a system sends a browser back to (RFC 6749 §4.1.2)',
      params,
      answer: HTML,
    },
    async ({ params: { system }, request, signedIn }) => {
      const { person, session } = signedIn
      const of = { system, person: person.id, session: session.hash }
      try {
        await credentials.finish(of, new URL(request.url).searchParams)
      } catch (error) {
        if (!(error instanceof Fault) || error.code === 'internal') throw error
        return failedPage(system, signedIn, error)
      }
      // The code and the state do not stay in the address bar, nor in the history.
      return away(`/connect/${system}`)
    },
  )
}

function connectPage(
  { authority, credentials }: ControlPorts,
  system: string,
  signedIn: SignedIn,
): Promise<Response> {
  const { person, csrf } = signedIn
  const offer = credentials.offer(system, person.id)
  const connected = authority.upstreamTokens.list({ person: person.id, system }).length > 0
  return page({
    title: connected ? `You are connected to ${system}` : `Connect to ${system}?`,
    person: { name: person.name, csrf },
    formsTo: [offer.provider],
    body: html`<p class="host">${offer.host}</p>
      <dl>
        <dt>you consent at</dt>
        <dd><code>${offer.provider}</code>, which asks you to sign in there</dd>
        <dt>it is asked for</dt>
        <dd>
          ${offer.scope === '' ? 'what it gives without a scope' : html`<code>${inert(offer.scope)}</code>`}
        </dd>
      </dl>
      <p>
        Agents that act on your behalf call ${system} with a token of yours. Policies decide every
        single call. No agent ever sees the token, and nobody else's calls go out with it.
      </p>
      <form method="post" action="/connect/${system}">
        <input type="hidden" name="csrf" value="${csrf}" />
        <div class="row">
          <button name="action" value="connect">
            ${connected ? 'Connect anew' : 'Go to the provider'}
          </button>
          ${connected ? html`<button class="second" name="action" value="disconnect">Disconnect</button>` : ''}
        </div>
      </form>`,
  })
}

function failedPage(system: string, signedIn: SignedIn, error: Fault): Promise<Response> {
  const { person, csrf } = signedIn
  return page({
    title: `You were not connected to ${system}`,
    person: { name: person.name, csrf },
    status: error.status,
    body: html`<p class="trouble" role="alert">${inert(error.detail)}</p>
      <p>What to do: ${inert(error.next)}.</p>
      <p><a href="/connect/${system}">Begin again</a></p>
      <p class="soft"><code>${error.code}</code></p>`,
  })
}

/** RFC 9700 §4.12: 303, so that no browser sends the form on. */
function away(location: string): Response {
  return new Response(null, { status: 303, headers: { location } })
}
