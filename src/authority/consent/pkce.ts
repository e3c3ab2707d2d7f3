// Holds proof key for code exchange (RFC 7636), of which only `S256` is served.

import { timingSafeEqual } from 'node:crypto'
import { base64url, sha256, utf8 } from '../../std/bytes.ts'

/** True for the SHA-256 of something, in base64url (RFC 7636 §4.2). */
export function isChallenge(text: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(text)
}

/** True where a verifier (§4.1: 43 to 128 unreserved characters) is the one behind a challenge (§4.6). */
export function verifierFits(verifier: string, challenge: string): boolean {
  if (!/^[A-Za-z0-9\-._~]{43,128}$/.test(verifier)) return false
  const [ours, theirs] = [utf8(challenge), utf8(base64url(sha256(verifier)))]
  return ours.length === theirs.length && timingSafeEqual(ours, theirs)
}
