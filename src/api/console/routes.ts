// Holds the routes of the console: its document for whoever is signed in, its files for everybody; no data is in either.

import { z } from 'zod'
import { fault } from '../faults.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { onward } from '../session/way-in.ts'

/**
 * What the console may do: our own files and our own API, nothing inline, nobody frames it. Widths of bars are set by script on
 * elements (CSSOM), which no directive forbids.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const HTML = { media: 'text/html' }
const ANY = { media: 'application/octet-stream' }

/** Names of files in the build: hashed, so that one that was read never changes. */
const FILE = z.strictObject({ file: z.string().regex(/^[A-Za-z0-9._-]{1,128}$/, 'is no file') })

/** Serves the console. Where none was built, its addresses lead to the account. */
export function serveConsole(surface: Surface, { console: built }: ControlPorts): void {
  const document = (): Response => {
    if (built === undefined) {
      return new Response(null, { status: 303, headers: { location: '/account' } })
    }
    return new Response(built.document, {
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': POLICY,
        'referrer-policy': 'same-origin',
        'permissions-policy': 'publickey-credentials-get=(self), clipboard-write=(self)',
      },
    })
  }
  const file = (name: string, request: Request, lasting: boolean): Response => {
    const found = built?.files.get(name)
    if (found === undefined) throw fault('api.no_route', 'the console has no such file')
    const brotli = /(?:^|[\s,])br(?:$|[\s,;])/.test(request.headers.get('accept-encoding') ?? '')
    const packed = brotli ? found.brotli : undefined
    return new Response(packed ?? found.bytes, {
      headers: {
        'content-type': found.media,
        vary: 'accept-encoding',
        'cache-control': lasting ? 'public, max-age=31536000, immutable' : 'no-cache',
        ...(packed !== undefined && { 'content-encoding': 'br' }),
      },
    })
  }
  surface.open('GET /console', { summary: 'Leads to the console', answer: HTML }, () =>
    onward('/console/'),
  )
  surface.open(
    'GET /console/mark.svg',
    { summary: 'The mark of the console', answer: { media: 'image/svg+xml' } },
    ({ request }) => file('mark.svg', request, false),
  )
  surface.open(
    'GET /console/assets/{file}',
    { summary: 'A file of the console', params: FILE, answer: ANY },
    ({ params, request }) => file(`assets/${params.file}`, request, true),
  )
  surface.signedIn('GET /console/', { summary: 'The console', answer: HTML }, document)
  surface.signedIn(
    'GET /console/{page}',
    { summary: 'A page of the console', answer: HTML },
    document,
  )
  surface.signedIn(
    'GET /console/{page}/{name}',
    { summary: 'A page of the console about one thing', answer: HTML },
    document,
  )
}
