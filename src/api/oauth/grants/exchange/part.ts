// Holds how a part of a token is taken: a scope and resources that the token covers, or a refusal; never anything wider.

import { audienceCovers } from '../../../../authority/tokens/check.ts'
import type { LiveToken } from '../../../../authority/tokens/view.ts'
import { scopeNarrows } from '../../../../wire/scope.ts'
import { askedResources, askedScope } from '../../asked.ts'
import { oauthFault } from '../../faults.ts'
import type { Form } from '../../form.ts'
import type { ResourcePort } from '../../ports.ts'

/** The scope that is asked for, within that of the token; the token's own where nothing is said. Throws `oauth.scope`. */
export function scopeWithin(
  form: Form,
  token: Pick<LiveToken, 'scope'>,
): { readonly scope?: readonly string[] } {
  const scope = askedScope(form) ?? token.scope
  if (scope === undefined) return {}
  if (token.scope !== undefined && !scopeNarrows(token.scope, scope)) {
    throw oauthFault('oauth.scope', 'the scope is wider than that of the subject token')
  }
  return { scope }
}

/** The resources that are asked for, within those of the token; the token's own where nothing is said. Throws `oauth.target`. */
export function resourcesWithin(
  form: Form,
  token: Pick<LiveToken, 'audience'>,
  known: ResourcePort,
): readonly string[] {
  const asked = askedResources(form, known) ?? token.audience
  if (asked.every((resource) => audienceCovers(token.audience, resource))) return asked
  throw oauthFault('oauth.target', 'the subject token is not meant for this resource')
}
