// Holds `client_credentials` (RFC 6749 §4.4): an instance gets a token for what it has, or for less.

import { GRANTS } from '../../../wire/oauth.ts'
import { askedResources, askedScope } from '../asked.ts'
import { holderOf } from '../client/client.ts'
import type { OAuthPorts } from '../ports.ts'
import { handOut, type Grant } from './grant.ts'

/** The grant. The token is under the delegation that the instance enrolled with. */
export function clientCredentials({
  clock,
  resources,
  tokens,
}: Pick<OAuthPorts, 'clock' | 'resources' | 'tokens'>): Grant {
  return {
    type: GRANTS.clientCredentials,
    publicClients: false,
    handle: async (call, client) => {
      const scope = askedScope(call.form)
      const token = await tokens.issue({
        instance: holderOf(client).id,
        audience: askedResources(call.form, resources) ?? resources.all(),
        ...(scope === undefined ? {} : { scope }),
        ...(call.binding === undefined ? {} : { binding: call.binding }),
      })
      return handOut(token, call, clock.now())
    },
  }
}
