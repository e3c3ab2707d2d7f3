// Holds introspection (RFC 7662): an instance asks about a token of its own; about any other it learns that it is not active.

import type { JsonObject } from '../../std/json.ts'
import { holderOf, type OAuthClient } from './client/client.ts'
import type { Form } from './form.ts'
import type { OAuthPorts } from './ports.ts'

/** What is said of a token (§2.2). */
export function introspect(
  { tokens }: Pick<OAuthPorts, 'tokens'>,
  form: Form,
  client: OAuthClient,
): JsonObject {
  const holder = holderOf(client)
  const token = tokens.find(form.need('token'))
  if ('refused' in token || token.instance !== holder.id) return { active: false }
  const { binding, scope } = token
  return {
    active: true,
    iss: tokens.issuer,
    sub: holder.spiffeId,
    client_id: holder.spiffeId,
    aud: [...token.audience],
    jti: token.id,
    iat: Math.floor(token.createdAt / 1000),
    exp: Math.floor(token.expiresAt / 1000),
    token_type: token.mayAct === undefined ? (binding?.kind === 'dpop' ? 'DPoP' : 'Bearer') : 'N_A',
    ...(scope === undefined ? {} : { scope: scope.join(' ') }),
    ...(binding === undefined
      ? {}
      : { cnf: { [binding.kind === 'dpop' ? 'jkt' : 'x5t#S256']: binding.value } }),
    ...(token.mayAct === undefined ? {} : { may_act: { sub: token.mayAct } }),
    ...(token.delegation === undefined ? {} : { bailiwick: { delegation: token.delegation } }),
  }
}
