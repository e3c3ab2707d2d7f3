// Holds `authorization_code` and `refresh_token` (RFC 6749 §4.1.3 and §6): tokens for what a person agreed to.

import type { Fault } from '../../../std/fault.ts'
import type { Consents } from '../../../authority/consent/consents.ts'
import { consentFault, type CONSENT_FAULTS } from '../../../authority/consent/faults.ts'
import type { Granted, Refused, TokenAsk } from '../../../authority/consent/granted.ts'
import type { Clock } from '../../../std/clock.ts'
import { GRANTS, type TokenAnswer } from '../../../wire/oauth.ts'
import { AssertionChecks } from '../client/assertion-checks.ts'
import type { OAuthClient } from '../client/client.ts'
import { proveDocumented } from '../client/documented-client.ts'
import { oauthFault } from '../faults.ts'
import { OAUTH_PATHS } from '../metadata.ts'
import type { Revoker } from '../ports.ts'
import { handOut, type Grant, type TokenCall } from './grant.ts'

/** The two grants over the consents of a home. */
export function consentGrants(of: {
  readonly consents: Consents
  readonly clock: Clock
}): readonly Grant[] {
  const { consents, clock } = of
  const audiences = () => [consents.issuer, `${consents.issuer}${OAUTH_PATHS.token}`]
  const checks = new AssertionChecks({ clock, audiences })
  const asked = (call: TokenCall, client: OAuthClient) => askOf(checks, call, client)
  return [
    {
      type: GRANTS.authorizationCode,
      publicClients: true,
      handle: async (call, client) => {
        const { form } = call
        const redirect = form.get('redirect_uri')
        const verifier = form.get('code_verifier')
        const answer = await consents.redeem({
          ...asked(call, client),
          code: form.need('code'),
          ...(redirect !== undefined && { redirect }),
          ...(verifier !== undefined && { verifier }),
        })
        return answerOf(answer, call, clock)
      },
    },
    {
      type: GRANTS.refreshToken,
      publicClients: true,
      handle: async (call, client) => {
        const refreshToken = call.form.need('refresh_token')
        return answerOf(
          await consents.refresh({ ...asked(call, client), refreshToken }),
          call,
          clock,
        )
      },
    },
  ]
}

/** Takes back what such a client gives back (RFC 7009). */
export function consentRevoker(consents: Pick<Consents, 'giveBack'>): Revoker {
  return (text, client) => consents.giveBack(text, client.id)
}

/** An instance has grants of its own: what a person agreed to is for the client that asked for it. */
function askOf(checks: AssertionChecks, call: TokenCall, client: OAuthClient): TokenAsk {
  if (client.method !== 'none') {
    throw oauthFault('oauth.client_not_allowed', 'this grant is for clients with a document')
  }
  const { form, binding, place } = call
  const scope = form.get('scope')
  return {
    client: client.id,
    resources: form.resources(),
    ...(scope !== undefined && { scope }),
    // A certificate of this connection is none of ours where its holder is no instance.
    ...(binding?.kind === 'dpop' && { binding }),
    prove: (document) => proveDocumented(checks, form, document),
    place,
  }
}

function answerOf(answer: Granted | Refused, call: TokenCall, clock: Clock): TokenAnswer {
  if ('error' in answer) throw faultOf(answer)
  const { token, refresh } = answer
  return {
    ...handOut(token, call, clock.now()),
    ...(refresh !== undefined && { refresh_token: refresh }),
  }
}

const CODES: Readonly<Record<Refused['error'], keyof typeof CONSENT_FAULTS>> = {
  invalid_request: 'consent.request',
  invalid_grant: 'consent.grant',
  invalid_scope: 'consent.scope',
  invalid_target: 'consent.target',
  invalid_dpop_proof: 'consent.proof',
}

function faultOf({ error, description }: Refused): Fault {
  return consentFault(CODES[error], description)
}
