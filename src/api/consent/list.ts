// Holds the list of consents: a person sees and ends their own, an operator everybody's.

import { z } from 'zod'
import { rfc3339 } from '../../std/clock.ts'
import type { Consent, Consents } from '../../authority/consent/consents.ts'
import { consentFault } from '../../authority/consent/faults.ts'
import { ConsentAnswer, ConsentsAnswer } from '../../wire/api/consent.ts'
import { BecauseRequest, Id } from '../../wire/api/text.ts'
import { mayUse } from '../access.ts'
import type { Surface } from '../serve.ts'

/** Serves the list. */
export function serveConsentList(surface: Surface, consents: Consents): void {
  surface.closed(
    'GET /v1/consents',
    { summary: 'Consents that hold: your own, or all for operators', answer: ConsentsAnswer },
    ({ person }) => {
      const all = mayUse('operator', person.roles)
      return { consents: consents.list(all ? {} : { person: person.id }).map(shown) }
    },
  )
  surface.closed(
    'POST /v1/consents/{id}/revoke',
    {
      summary: 'End a consent, with its tokens, its delegation and its instance',
      params: z.strictObject({ id: Id }),
      body: BecauseRequest,
      answer: ConsentAnswer,
    },
    async ({ params, body, person }) => {
      const consent = consents.get(params.id)
      if (consent.person !== person.id && !mayUse('operator', person.roles)) {
        throw consentFault('consent.other', 'the consent is of another person')
      }
      return shown(await consents.revoke(params.id, { person: person.id, reason: body.reason }))
    },
  )
}

function shown(consent: Consent): ConsentAnswer {
  const { audience, scope, createdAt, expiresAt, ...same } = consent
  return {
    ...same,
    resources: [...audience],
    scope: [...scope],
    created_at: rfc3339(createdAt),
    expires_at: rfc3339(expiresAt),
  }
}
