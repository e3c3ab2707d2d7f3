// Holds the checks of a token that is shown: meant for this resource, by whoever has its key, under the scheme that fits.

import { base64url } from '../../std/bytes.ts'
import type { Presented, Unauthenticated } from '../../wire/presented.ts'
import type { TOKEN_FAULTS } from './faults.ts'
import type { LiveToken } from './view.ts'

/** A refusal; nothing in it helps somebody without a key. */
export function refusal(code: keyof typeof TOKEN_FAULTS, detail: string): Unauthenticated {
  return { refused: true, code, detail, error: 'invalid_token' }
}

/**
 * True when a token for `audience` may be shown where `resource` is asked for: `…/mcp` is every system behind it, and an
 * origin everything behind that.
 */
export function audienceCovers(audience: readonly string[], resource: string): boolean {
  return audience.some(
    (one) => one === resource || (isWhole(one) && resource.startsWith(one.replace(/\/?$/, '/'))),
  )
}

/** True for a resource that has others below it. */
function isWhole(resource: string): boolean {
  return resource.endsWith('/mcp') || /^https?:\/\/[^/]+\/?$/.test(resource)
}

/** The same for a resource of ours under any of the names that it has. */
export function audienceFits(
  audience: readonly string[],
  { resource, aliases = [] }: Pick<Presented, 'resource' | 'aliases'>,
): boolean {
  return audienceCovers(audience, resource) || aliases.some((one) => audienceCovers(audience, one))
}

/** Why a token is not with its key; undefined when it is (RFC 9449 §7.1, RFC 8705 §3, INV-8). */
export function unbound(
  token: Pick<LiveToken, 'binding'>,
  shown: Presented,
  unboundAllowed: boolean,
): Unauthenticated | undefined {
  const { binding } = token
  const scheme = shown.token?.scheme
  const wrong = (detail: string): Unauthenticated => refusal('token.binding', detail)
  if (binding === undefined) {
    if (scheme !== 'Bearer') return wrong('the token is bound to no key')
    return unboundAllowed ? undefined : wrong('tokens that are bound to no key are not accepted')
  }
  if (binding.kind === 'dpop') {
    if (scheme !== 'DPoP') return wrong('the token is bound to a key: it needs the scheme DPoP')
    return shown.jkt === binding.value ? undefined : wrong('the token is bound to another key')
  }
  if (scheme !== 'Bearer') return wrong('the token is bound to a certificate: its scheme is Bearer')
  return shown.certificate !== undefined && x5t(shown.certificate) === binding.value
    ? undefined
    : wrong('the token is bound to another certificate')
}

/** `x5t#S256` (RFC 8705 §3.1) of a fingerprint in hex. */
export function x5t(fingerprint: string): string {
  return base64url(Buffer.from(fingerprint, 'hex'))
}
