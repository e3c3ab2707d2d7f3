// Holds the exchange that hands authority on: a delegation to another agent or instance, and a token that names who may use it.

import { isName } from '../../../../std/id.ts'
import { TOKEN_TYPES, type TokenAnswer } from '../../../../wire/oauth.ts'
import { parseSpiffeId } from '../../../../wire/spiffe.ts'
import { oauthFault } from '../../faults.ts'
import type { Exchange } from './exchange.ts'
import { scopeWithin } from './part.ts'

/**
 * Passes a part of the subject token's authority on to whom `audience` names: the SPIFFE ID of an instance, or
 * `spiffe://<trust domain>/agent/<agent>` for whichever instance of an agent takes it up first. The token that comes of it is
 * for this server alone: it opens nothing, and only who it names can exchange it (RFC 8693 §4.4).
 */
export async function handOn(exchange: Exchange): Promise<TokenAnswer> {
  const { clock, delegations, form, holder, subject, tokens, trustDomain } = exchange
  if (form.resources().length > 0) {
    throw oauthFault('oauth.target', 'authority is handed on to an audience, not for a resource')
  }
  const mayAct = form.need('audience')
  const target = targetOf(mayAct, trustDomain)
  // The part of a task that is handed on is one of the task that it works on: named where several are open.
  const task = form.get('task')
  const passed = await delegations.pass({
    by: { instance: holder.id, agent: holder.agent },
    ...(subject.delegation === undefined ? {} : { parent: subject.delegation }),
    ...target,
    ...(task === undefined ? {} : { task }),
    ...scopeWithin(form, subject),
    expiresAt: subject.expiresAt,
  })
  const token = await tokens.issue({
    instance: holder.id,
    delegation: passed.id,
    audience: [tokens.issuer],
    ...scopeWithin(form, subject),
    mayAct,
    parent: subject.id,
    notAfter: subject.expiresAt,
  })
  return {
    access_token: token.text,
    issued_token_type: TOKEN_TYPES.jwt,
    token_type: 'N_A',
    expires_in: Math.floor((token.expiresAt - clock.now()) / 1000),
    ...(token.scope === undefined ? {} : { scope: token.scope.join(' ') }),
  }
}

/** Who an `audience` names. */
function targetOf(
  audience: string,
  trustDomain: string,
): { readonly agent: string; readonly instance?: string } {
  const named = parseSpiffeId(audience)
  if (named?.kind === 'instance' && named.domain === trustDomain) {
    return { agent: named.agent, instance: named.instance }
  }
  const prefix = agentUri(trustDomain, '')
  const agent = audience.startsWith(prefix) ? audience.slice(prefix.length) : ''
  if (isName(agent)) return { agent }
  throw oauthFault('oauth.target', 'the audience is no agent and no instance of this trust domain')
}

/** How an agent is named where any instance of it is meant. */
export function agentUri(trustDomain: string, agent: string): string {
  return `spiffe://${trustDomain}/agent/${agent}`
}
