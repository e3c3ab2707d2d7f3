// Holds the frame of every page that a person sees: one document, one style sheet, scripts of ours alone, nobody frames it.

import { html } from 'hono/html'
import { STYLE_PATH } from './static.ts'

/** Markup whose inserted texts are escaped. */
export type Fragment = ReturnType<typeof html>

/** What a page consists of. */
export interface Page {
  /** Also the heading. */
  readonly title: string
  readonly body: Fragment
  /** Who is signed in, by name; shown in the corner with the way out. */
  readonly person?: { readonly name: string; readonly csrf: string }
  /** Paths of scripts that we serve. */
  readonly scripts?: readonly string[]
  /** For a page with little in it. */
  readonly narrow?: boolean
  /** Origins that a form of this page ends up at after redirects; Chromium holds `form-action` to those, too. */
  readonly formsTo?: readonly string[]
  /** A page for reading alone: it sends nothing. Nobody is signed in on it. */
  readonly inert?: boolean
  /** Default 200. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** What a page may do: nothing but our own style and scripts is loaded, forms go to us, nothing frames it. */
function policyOf({ scripts = [], formsTo = [], inert = false }: Page): string {
  return [
    "default-src 'none'",
    ...(scripts.length === 0 ? [] : ["script-src 'self'", "connect-src 'self'"]),
    "style-src 'self'",
    `form-action ${inert ? "'none'" : ["'self'", ...formsTo].join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ')
}

/** A page as it is answered. Text in `body` is escaped where it is put in with `html`. */
export async function page(of: Page): Promise<Response> {
  const { title, body, person, scripts = [], status = 200, headers = {} } = of
  const text = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · Bailiwick</title>
        <link rel="stylesheet" href="${STYLE_PATH}" />
        ${scripts.map((path) => html`<script type="module" src="${path}"></script>`)}
      </head>
      <body>
        <header>
          <a class="brand" href="/">Bailiwick</a>
          ${person === undefined ? '' : signedIn(person)}
        </header>
        <main class="${of.narrow === true ? 'narrow' : ''}">
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html>`
  return new Response(String(await text), {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policyOf(of),
      // A browser that may tell nobody where it comes from says `Origin: null` with our own forms, too.
      ...(of.inert !== true && { 'referrer-policy': 'same-origin' }),
      ...headers,
    },
  })
}

function signedIn({ name, csrf }: { readonly name: string; readonly csrf: string }): Fragment {
  return html`<form class="who" method="post" action="/logout">
    <span>signed in as <strong>${name}</strong></span>
    <input type="hidden" name="csrf" value="${csrf}" />
    <button class="quiet">Sign out</button>
  </form>`
}
