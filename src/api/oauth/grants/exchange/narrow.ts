// Holds the exchange of a token of one's own for a narrower one: fewer actions, fewer resources, never a longer life.

import { TOKEN_TYPES, type TokenAnswer } from '../../../../wire/oauth.ts'
import { handOut } from '../grant.ts'
import type { Exchange } from './exchange.ts'
import { resourcesWithin, scopeWithin } from './part.ts'

/** The narrower token; it dies with the one that it was exchanged for. */
export async function narrow(exchange: Exchange): Promise<TokenAnswer> {
  const { call, clock, form, holder, resources, subject, tokens } = exchange
  const token = await tokens.issue({
    instance: holder.id,
    ...(subject.delegation === undefined ? {} : { delegation: subject.delegation }),
    audience: resourcesWithin(form, subject, resources),
    ...scopeWithin(form, subject),
    ...(call.binding === undefined ? {} : { binding: call.binding }),
    ...(subject.family === undefined ? {} : { family: subject.family }),
    parent: subject.id,
    notAfter: subject.expiresAt,
  })
  return {
    ...handOut(token, call, clock.now()),
    issued_token_type: TOKEN_TYPES.accessToken,
  }
}
