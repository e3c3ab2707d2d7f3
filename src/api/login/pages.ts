// Holds the pages of signing in: how one gets in, and what one finds there about oneself.

import { html } from 'hono/html'
import { rfc3339 } from '../../std/clock.ts'
import { page } from '../page/page.ts'
import { LOGIN_SCRIPT_PATH } from '../page/static.ts'
import type { SignedIn } from '../session/session-of.ts'

/** The page at which nobody is signed in yet. `sources` are the names of identity providers. */
export function loginPage(of: {
  readonly sources: readonly string[]
  readonly returnTo: string
}): Promise<Response> {
  const providers = of.sources.map(
    (name) =>
      html`<form method="post" action="/login/oidc/${name}">
        <input type="hidden" name="return_to" value="${of.returnTo}" />
        <button class="second wide">Sign in with ${name}</button>
      </form>`,
  )
  return page({
    title: 'Sign in',
    narrow: true,
    scripts: [LOGIN_SCRIPT_PATH],
    body: html`<div id="login" data-return-to="${of.returnTo}">
      <p id="trouble" class="trouble" role="alert" hidden></p>
      <p id="state" class="soft" role="status" hidden></p>
      <div id="choices" class="choices">
        <button id="passkey" disabled class="wide" type="button">Sign in with a passkey</button>
        ${providers}
      </div>
      <p class="soft">
        No passkey yet? On the machine that runs Bailiwick, type
        <code>bailiwick login</code> and open the link that it prints.
      </p>
      <noscript><p class="trouble">Passkeys and links need JavaScript.</p></noscript>
    </div>`,
  })
}

/** What a person sees of themselves. `welcome`: they came by a link and have no passkey yet. */
export function accountPage(
  signedIn: SignedIn,
  of: { readonly sessions: number; readonly welcome: boolean },
): Promise<Response> {
  const { person, session, csrf } = signedIn
  const passkeys = person.passkeys ?? []
  const title = of.welcome && passkeys.length === 0 ? 'Register a passkey' : 'Your account'
  return page({
    title,
    person: { name: person.name, csrf },
    scripts: [LOGIN_SCRIPT_PATH],
    body: html`<p id="trouble" class="trouble" role="alert" hidden></p>
      <p id="state" class="soft" role="status" hidden></p>
      ${of.welcome && passkeys.length === 0 ? welcome(person.name) : ''}
      <dl>
        <dt>person</dt>
        <dd>${person.name} <code class="soft">${person.id}</code></dd>
        <dt>roles</dt>
        <dd>${person.roles.join(', ') || 'none'}</dd>
        <dt>signed in</dt>
        <dd>${how(session.by)}, ${at(session.createdAt)}; ends ${at(session.expiresAt)}</dd>
        <dt>sessions</dt>
        <dd>${of.sessions}</dd>
        ${
          session.presentAt === undefined
            ? ''
            : html`<dt>last present</dt>
                <dd>${at(session.presentAt)}</dd>`
        }
      </dl>
      <h2>Passkeys</h2>
      ${
        passkeys.length === 0
          ? html`<p>None yet.</p>`
          : html`<ul>
              ${passkeys.map((one) => passkeyRow(one, csrf))}
            </ul>`
      }
      <div class="row">
        <button
          id="register"
          disabled
          type="button"
          class="${passkeys.length === 0 ? '' : 'second'}"
        >
          Register a passkey
        </button>
        ${passkeys.length === 0 ? '' : html`<button id="presence" disabled type="button" class="second">Show that you are here</button>`}
      </div>`,
  })
}

function welcome(name: string) {
  return html`<p>
    You are signed in as <strong>${name}</strong>. With a passkey you get in without a link the next
    time, and can answer gates that ask for your presence.
  </p>`
}

function passkeyRow(passkey: { readonly id: string; readonly createdAt: number }, csrf: string) {
  return html`<li>
    <span
      ><code>${passkey.id.slice(0, 16)}</code>
      <span class="soft">since ${at(passkey.createdAt)}</span></span
    >
    <form method="post" action="/account/passkeys/remove">
      <input type="hidden" name="csrf" value="${csrf}" />
      <input type="hidden" name="passkey" value="${passkey.id}" />
      <button class="bad">Remove</button>
    </form>
  </li>`
}

function how(by: string): string {
  if (by === 'link') return 'by a one-time link'
  return by === 'passkey' ? 'with a passkey' : `through ${by.replace(/^oidc:/, '')}`
}

/** A time as people read it: to the minute, in UTC. */
function at(ms: number): string {
  return `${rfc3339(ms).slice(0, 16).replace('T', ' ')} UTC`
}
