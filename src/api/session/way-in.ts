// Holds the way to signing in and back: where somebody wanted to go, and nowhere outside.

/**
 * The path with query that somebody wanted, where it is one of this listener; else `/`, which leads to what there is. A text that a browser would
 * read as another host (`//host`, `/\\host`, a scheme, a line break or tab inside) is none.
 */
export function returnPath(wanted: string | null | undefined): string {
  const home = '/'
  if (wanted === null || wanted === undefined || wanted.length > 2_048) return home
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(wanted) || wanted.includes('\\')) return home
  const base = 'http://bailiwick.localhost'
  if (!URL.canParse(wanted, base)) return home
  const url = new URL(wanted, base)
  // `/x/..//host` is a path here and `//host` once it is resolved.
  return url.origin === base && !url.pathname.startsWith('//')
    ? `${url.pathname}${url.search}`
    : home
}

/** Leads to signing in, and back afterwards. */
export function toLogin(request: Request): Response {
  const { pathname, search } = new URL(request.url)
  const back = encodeURIComponent(returnPath(`${pathname}${search}`))
  return new Response(null, { status: 303, headers: { location: `/login?return_to=${back}` } })
}

/**
 * A page that was asked for from elsewhere comes without the session's cookie, which is SameSite=Strict: it is asked for once
 * more, from here. Undefined for every other request.
 */
export function withOwnCookies(request: Request): Response | undefined {
  if (request.headers.get('sec-fetch-site') !== 'cross-site') return undefined
  const { pathname, search } = new URL(request.url)
  return onward(returnPath(`${pathname}${search}`))
}

/** An empty page that goes on to a path of ours by itself; `cookies` are set on the way. */
export function onward(path: string, cookies: readonly string[] = []): Response {
  const headers = new Headers({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy':
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    refresh: `0;url=${path}`,
  })
  for (const cookie of cookies) headers.append('set-cookie', cookie)
  // Paths of ours and addresses of providers are URLs by now; quotes and angle brackets in them are encoded, ampersands here.
  const link = path.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
  const text = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Bailiwick</title></head><body><p><a href="${link}">Go on</a></p></body></html>`
  return new Response(text, { headers })
}
