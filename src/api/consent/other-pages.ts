// Holds the pages for clients that cannot be let in yet, and for requests that go nowhere.

import { html } from 'hono/html'
import type { AuthorizationRequest } from '../../authority/consent/request.ts'
import type { Agent } from '../agents/shown.ts'
import { inert } from '../../std/inert.ts'
import { page } from '../page/page.ts'
import type { SignedIn } from '../session/session-of.ts'
import { clientPart } from './consent-page.ts'

/** A request that is answered by a page alone, since nothing says that its redirect URI can be trusted (RFC 6749 §4.1.2.1). */
export function troublePage(of: {
  readonly status: number
  readonly detail: string
  readonly next: string
  readonly code: string
  readonly signedIn?: SignedIn
}): Promise<Response> {
  return page({
    title: 'This request goes nowhere',
    status: of.status,
    ...(of.signedIn !== undefined && {
      person: { name: of.signedIn.person.name, csrf: of.signedIn.csrf },
    }),
    body: html`<p class="trouble" role="alert">${inert(of.detail)}</p>
      <p>What to do: ${inert(of.next)}.</p>
      <p class="soft"><code>${of.code}</code>. Nothing was sent to the client.</p>`,
  })
}

/** What the page about a client that nobody stands for shows. */
export interface Unregistered {
  readonly signedIn: SignedIn
  readonly request: AuthorizationRequest
  readonly handle: string
  /** The agent of the client, where there is one that cannot act. */
  readonly agent: Agent | undefined
  /** The name that it would get. */
  readonly name: string
  /** Whether this person may register agents. */
  readonly operator: boolean
  readonly trouble?: string
}

/** The page: an operator can stand for the client here and now, everybody else learns whom to ask. */
export function unregisteredPage(of: Unregistered): Promise<Response> {
  const { signedIn, request, agent, trouble } = of
  return page({
    title:
      agent === undefined ? 'Nobody has registered this client' : 'This client may not act yet',
    person: { name: signedIn.person.name, csrf: signedIn.csrf },
    status: trouble === undefined ? 403 : 400,
    body: html`${clientPart(request)}
      <p>${standing(agent)}</p>
      ${trouble === undefined ? '' : html`<p class="trouble" role="alert">${trouble}</p>`}
      ${of.operator ? ownForm(of) : askForm(of)}`,
  })
}

function standing(agent: Agent | undefined) {
  if (agent === undefined) {
    return html`Every client acts as an agent that somebody answers for, and none stands for this
    one.`
  }
  return html`Its agent <code>${agent.name}</code> is
    <strong>${agent.state}</strong>${agent.because === undefined ? '' : html` (${agent.because})`}.`
}

/** What an operator can do about it. A suspended agent was stopped for a reason: that is not lifted in passing. */
function ownForm({ signedIn, agent, handle, name }: Unregistered) {
  if (agent?.state === 'suspended') {
    return html`<p>
      To let it act again: <code>bailiwick agent activate ${agent.name} --reason …</code>
    </p>`
  }
  return html`<p>
      You are an operator. You can answer for it yourself: the agent
      <code>${agent?.name ?? name}</code> becomes yours and active, without roles, and you go on to
      what it asks for.
    </p>
    <form method="post" action="/oauth/authorize">
      <input type="hidden" name="csrf" value="${signedIn.csrf}" />
      <input type="hidden" name="request" value="${handle}" />
      <label for="reason">Why</label>
      <input type="text" id="reason" name="reason" maxlength="500" required />
      <div class="row"><button name="action" value="own">Take it over and go on</button></div>
    </form>`
}

function askForm({ signedIn, agent, handle }: Unregistered) {
  const name = agent?.name
  if (name !== undefined) {
    return html`<p>
      Ask an operator: <code>bailiwick agent show ${name}</code> says what it is. Then start again
      from the client.
    </p>`
  }
  return html`<form method="post" action="/oauth/authorize">
    <input type="hidden" name="csrf" value="${signedIn.csrf}" />
    <input type="hidden" name="request" value="${handle}" />
    <p>You can put it on the list of agents that wait for an operator.</p>
    <div class="row"><button name="action" value="discover">Ask for it</button></div>
  </form>`
}
