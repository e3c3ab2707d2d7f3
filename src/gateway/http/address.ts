// Holds the way between addresses of a system and ours: what stays under its base is ours to serve, anything else is not told.

import type { ApiTransport } from '../../wire/system.ts'

/** The path that the paths of a system stand under, without a slash at its end. */
export function basePath({ url }: Pick<ApiTransport, 'url'>): string {
  return new URL(url).pathname.replace(/\/+$/, '')
}

/**
 * Our path for an address that a system names; undefined where it leads elsewhere. `asked` is the URL that was asked for, which a
 * relative address stands to.
 */
export function ownPath(
  address: string,
  {
    asked,
    system,
    transport,
  }: { asked: URL; system: string; transport: Pick<ApiTransport, 'url'> },
): string | undefined {
  if (address.length > 8_192 || !URL.canParse(address, asked.href)) return undefined
  const url = new URL(address, asked)
  const base = basePath(transport)
  const stays =
    url.origin === asked.origin &&
    url.username === '' &&
    url.password === '' &&
    (url.pathname === base || url.pathname.startsWith(`${base}/`))
  return stays ? `/http/${system}${url.pathname.slice(base.length)}${url.search}` : undefined
}

/** A Link header (RFC 8288 §3) with our addresses, without the links that lead elsewhere; undefined where none is left. */
export function ownLinks(value: string, of: Parameters<typeof ownPath>[1]): string | undefined {
  const links = value.length > 16_384 ? [] : value.matchAll(/<([^<>]*)>([^<]*)/g)
  const kept: string[] = []
  for (const [, address = '', parameters = ''] of links) {
    const path = ownPath(address, of)
    if (path !== undefined) kept.push(`<${path}>${parameters.replace(/[\s,]+$/, '')}`)
  }
  return kept.length === 0 ? undefined : kept.join(', ')
}
