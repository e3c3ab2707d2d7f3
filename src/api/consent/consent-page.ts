// Holds the page on which a person decides what a client may do on their behalf.

import { html } from 'hono/html'
import type { AuthorizationRequest } from '../../authority/consent/request.ts'
import { isLoopbackRedirect, redirectOrigin } from '../../authority/consent/redirect.ts'
import { inert } from '../../std/inert.ts'
import { page, type Fragment } from '../page/page.ts'
import type { SignedIn } from '../session/session-of.ts'
import type { Offer } from './offer.ts'

/** How long a consent can last: seconds, and the words for it. */
export const LIVES = [
  [3_600, '1 hour'],
  [28_800, '8 hours'],
  [86_400, '24 hours'],
] as const

/** What the page shows. */
export interface ConsentShown {
  readonly signedIn: SignedIn
  readonly request: AuthorizationRequest
  /** What the form carries back: the request as it is shown here. */
  readonly handle: string
  readonly agent: string
  readonly offers: readonly Offer[]
  /** Life of tokens that are bound to no key (ms); 0: there are none. */
  readonly unboundMs: number
  /** Whether clients of this machine itself are let in, for development. */
  readonly loopbackClients: boolean
  /** What was wrong with the last try. */
  readonly trouble?: string
}

/** The page. What the client says of itself is marked as such, and stands below what is known of it. */
export function consentPage(of: ConsentShown): Promise<Response> {
  const { signedIn, request, handle, agent, offers, trouble } = of
  return page({
    title: 'Let this client act for you?',
    person: { name: signedIn.person.name, csrf: signedIn.csrf },
    formsTo: [redirectOrigin(request.redirect)],
    ...(trouble !== undefined && { status: 400 }),
    body: html`${clientPart(request)} ${warnings(of)}
      ${trouble === undefined ? '' : html`<p class="trouble" role="alert">${trouble}</p>`}
      <form method="post" action="/oauth/authorize">
        <input type="hidden" name="csrf" value="${signedIn.csrf}" />
        <input type="hidden" name="request" value="${handle}" />
        <dl>
          <dt>on behalf of</dt>
          <dd>${signedIn.person.name}</dd>
          <dt>as the agent</dt>
          <dd>${agent}: policies decide every single call, for you and for it</dd>
          <dt>for</dt>
          <dd>
            <select name="life" aria-label="how long">
              ${LIVES.map(([seconds, words]) => html`<option value="${seconds}" ${seconds === 28_800 ? 'selected' : ''}>${words}</option>`)}
            </select>
            at most; you can end it at any time
          </dd>
        </dl>
        <h2>What it may do</h2>
        ${ticks(request.scope, offers)}
        <div class="row">
          <button name="action" value="allow">Allow</button>
          <button class="second" name="action" value="deny">Deny</button>
        </div>
      </form>`,
  })
}

/** Who asks. The host is what is known; the name is what the client says. */
export function clientPart({
  client,
  redirect,
}: Pick<AuthorizationRequest, 'client' | 'redirect'>): Fragment {
  const { host } = new URL(client.id)
  return html`<p class="host">${host}</p>
    <dl>
      <dt>calls itself</dt>
      <dd>
        <bdi>“${inert(client.name)}”</bdi>
        <span class="soft">(its own words, checked by nobody)</span>
      </dd>
      <dt>client</dt>
      <dd><code>${client.id}</code></dd>
      <dt>answer goes to</dt>
      <dd><code>${new URL(redirect).host}</code></dd>
    </dl>`
}

function warnings({ request, unboundMs, loopbackClients }: ConsentShown): Fragment[] {
  const { client, redirect, jkt } = request
  const { hostname } = new URL(client.id)
  const said: Fragment[] = []
  if (/(?:^|\.)xn--/.test(hostname)) {
    said.push(
      html`<p class="trouble">
        The name of this host has letters of other scripts: written out, it may look like another
        one.
      </p>`,
    )
  }
  if (isLoopbackRedirect(redirect)) {
    said.push(
      html`<p class="trouble">
        The answer goes to a program on this machine, and nobody can tell from here which one it is.
        Go on only if you have just begun to sign in there yourself.
      </p>`,
    )
  }
  if (loopbackClients) {
    said.push(
      html`<p class="trouble">
        Clients of this machine itself are let in here (<code>BAILIWICK_CIMD_LOOPBACK=1</code>):
        that is for development alone.
      </p>`,
    )
  }
  if (jkt !== undefined || client.bound || unboundMs === 0) {
    said.push(
      html`<p class="soft">
        Its tokens will be bound to a key of its own: whoever copies one cannot use it.
      </p>`,
    )
  } else {
    said.push(
      html`<p class="trouble">
        Unless the client proves a key, its tokens are bound to none: whoever copies one can use it,
        for at most ${Math.round(unboundMs / 1_000)} seconds.
        (<code>BAILIWICK_UNBOUND_TOKENS_S</code>)
      </p>`,
    )
  }
  return said
}

function ticks(scope: readonly string[], offers: readonly Offer[]): Fragment {
  let place = 0
  const lists = offers.map(({ system, actions, ticks: each }) => {
    const rows = each.map(({ action, title, effects, ticked }) => {
      const name = `t${place++}`
      return html`<li>
        <label class="tick"
          ><input type="checkbox" name="${name}" value="on" ${ticked ? 'checked' : ''} /> ${
            action === ''
              ? html`<strong>all of ${system}</strong>: ${actions} actions today, and whatever it
                  gets later`
              : html`<code>${inert(action)}</code>
                  ${title === undefined ? '' : html`<bdi class="soft">${inert(title.slice(0, 80))}</bdi>`}`
          }</label
        >
        <span class="soft">${action === '' ? '' : effects.join(' ')}</span>
      </li>`
    })
    return html`<h3>${system}</h3>
      <ul class="ticks">
        ${rows}
      </ul>`
  })
  return html`<label class="tick"
      ><input type="radio" name="mode" value="all" checked /> everything it asks for:
      <code>${scope.map(inert).join(' ')}</code></label
    >
    <label class="tick"
      ><input type="radio" name="mode" value="some" /> only what is ticked here:</label
    >
    ${
      offers.length === 0
        ? html`<p class="soft">No such system is here yet.</p>`
        : html`<details>
            <summary>Actions</summary>
            ${lists}
          </details>`
    }`
}
