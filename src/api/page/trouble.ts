// Holds the page of a refusal: the words of a problem, for somebody who looks at it in a browser.

import { html } from 'hono/html'
import { publicFault } from '../../std/fault.ts'
import { page } from './page.ts'

const TITLES: Readonly<Record<number, string>> = {
  401: 'You are not signed in',
  403: 'This is not possible',
  404: 'There is nothing here',
  429: 'Too much at once',
  502: 'The identity provider did not answer as it should',
}

/** True for a request by which a browser wants a page. */
export function wantsPage(request: Request): boolean {
  const { headers } = request
  return (
    headers.get('sec-fetch-mode') === 'navigate' &&
    (headers.get('accept') ?? '').includes('text/html')
  )
}

/** The page of whatever was thrown. */
export function troublePage(error: unknown, requestId: string): Promise<Response> {
  const { code, detail, next, status } = publicFault(error)
  return page({
    title: TITLES[status] ?? (status >= 500 ? 'Something went wrong' : 'This did not work'),
    narrow: true,
    status,
    body: html`<p class="trouble" role="alert">${sentence(detail)}</p>
      <p>${sentence(next)}</p>
      <p class="soft"><code>${code}</code> · request <code>${requestId}</code></p>
      <p><a href="/login">Sign in</a></p>`,
  })
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`
}
