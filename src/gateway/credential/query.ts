// Holds the refusal of tokens in addresses: they would stand in logs and histories (RFC 6750 §5.3, RFC 9700 §4.3.2).

import { refuseCredential, type CredentialRefusal } from './refusal.ts'

/** Refuses an address that carries a token, whatever stands beside it. */
export function refuseQueryToken(url: string): CredentialRefusal | undefined {
  const mark = url.indexOf('?')
  if (mark < 0) return undefined
  const names = [...new URLSearchParams(url.slice(mark + 1)).keys()]
  if (!names.some((name) => name.toLowerCase() === 'access_token')) return undefined
  return refuseCredential('authenticate.query', 'a token was sent in the address', {
    error: 'invalid_request',
  })
}
