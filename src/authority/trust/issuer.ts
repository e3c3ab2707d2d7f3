// Holds the check of an issuer identifier (OpenID Connect Discovery §3): where we will ask, and whom we believe.

import { trustFault } from './faults.ts'

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost'])

/** True where the URL leads to this machine itself. */
export function isLoopback(url: URL): boolean {
  return LOOPBACK.has(url.hostname) || url.hostname.endsWith('.localhost')
}

/**
 * The issuer as it was written, when it is one: https, or http for this machine itself; no query, no fragment, no user. It is
 * compared octet by octet with `iss`, so it is kept as it is. Throws `trust.issuer`.
 */
export function checkedIssuer(text: string): string {
  let url: URL
  try {
    url = new URL(text)
  } catch (cause) {
    throw trustFault('trust.issuer', 'the issuer is no URL', cause)
  }
  const safe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url))
  const plain = url.search === '' && url.hash === '' && url.username === '' && url.password === ''
  if (!safe || !plain || text.length > 512 || /[?#]/.test(text)) {
    throw trustFault('trust.issuer', 'the issuer is not an https URL without query and fragment')
  }
  return text
}
