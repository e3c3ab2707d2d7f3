// Holds the exchange by which an instance takes up what it was handed: `may_act` decides who, and nothing else does.

import { TOKEN_TYPES, type TokenAnswer } from '../../../../wire/oauth.ts'
import { oauthFault } from '../../faults.ts'
import { handOut } from '../grant.ts'
import { notYours, type Exchange } from './exchange.ts'
import { agentUri } from './hand-on.ts'
import { resourcesWithin, scopeWithin } from './part.ts'

/** An access token of the instance that asks, under the delegation that the subject token hands on (RFC 8693 §4.4). */
export async function takeUp(exchange: Exchange): Promise<TokenAnswer> {
  const { call, clock, delegations, form, holder, resources, subject, tokens, trustDomain } =
    exchange
  const { delegation, mayAct } = subject
  const named = mayAct === holder.spiffeId || mayAct === agentUri(trustDomain, holder.agent)
  // Who hands a delegation on cannot take it up itself, and neither can anybody else.
  if (!named || delegation === undefined) throw notYours()
  if (form.get('audience') !== undefined) {
    throw oauthFault('oauth.target', 'authority is taken up before a part of it is handed on')
  }
  // Read before anything is bound: a request that is refused leaves the delegation to whoever asks better.
  // What was handed on is for no resource that the token above it is not for: that one is live, or this one would not be.
  const above = tokens.get(subject.parent ?? '')
  if (above === undefined) throw notYours()
  const audience = resourcesWithin(form, above, resources)
  const scope = scopeWithin(form, subject)
  if (delegations.get(delegation)?.instance !== holder.id) {
    await delegations.bind(delegation, holder.id)
  }
  const token = await tokens.issue({
    instance: holder.id,
    delegation,
    audience,
    ...scope,
    ...(call.binding === undefined ? {} : { binding: call.binding }),
    parent: subject.id,
    notAfter: subject.expiresAt,
  })
  return {
    ...handOut(token, call, clock.now()),
    issued_token_type: TOKEN_TYPES.accessToken,
  }
}
