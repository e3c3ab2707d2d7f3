// Holds the check of a client identifier that is a URL (draft-ietf-oauth-client-id-metadata-document-02 §3).

import { consentFault } from './faults.ts'

/** Characters of a client identifier; it is shown to people and stands in records. */
const MOST = 512

/**
 * The URL of a client identifier. Two identifiers are the same client where their texts are equal (§3), so a text that is
 * not the one form of its URL is refused: upper case, default ports, dot segments, user information and whatever else a
 * reader would take away. A query is refused, which §3 advises against. Throws `client.id`.
 */
export function readClientUrl(text: string, { loopback }: { readonly loopback: boolean }): URL {
  const refuse = (why: string) => consentFault('client.id', `the client identifier ${why}`)
  if (text.length > MOST) throw refuse(`has more than ${MOST} characters`)
  if (!URL.canParse(text)) throw refuse('is no URL')
  const url = new URL(text)
  const local = loopback && url.protocol === 'http:' && isLoopbackHost(url.hostname)
  if (url.protocol !== 'https:' && !local) throw refuse('is no https URL')
  if (url.username !== '' || url.password !== '') throw refuse('has user information')
  if (text.includes('#')) throw refuse('has a fragment')
  if (text.includes('?')) throw refuse('has a query')
  if (url.pathname === '/') throw refuse('has no path')
  if (url.href !== text) throw refuse('is not written in the one form of its URL')
  return url
}

/** True for the names and addresses of this machine itself, as a URL has them. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host)
}
