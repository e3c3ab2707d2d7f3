// Holds the routes by which a workload shows what it is and becomes an instance.

import type { IncomingMessage } from 'node:http'
import type { Json } from '../../std/json.ts'
import type { Attestors } from '../../authority/identity/attest/attestors.ts'
import { checkRequest } from '../../authority/identity/csr.ts'
import type { Identities } from '../../authority/identity/identities.ts'
import { parseAttestRequest, parseChallengeRequest } from '../../wire/attest.ts'
import { readBody } from './exchange.ts'

/** What these routes stand on. */
export interface AttestParts {
  readonly identities: Identities
  readonly attestors: Attestors
}

/** One of them. Nobody who asks has a credential yet. */
export interface AttestRoute {
  readonly method: 'POST'
  readonly agent: false
  answer(parts: AttestParts, request: IncomingMessage): Promise<Json>
}

/** Both by path. */
export const ATTEST_ROUTES: Readonly<Record<string, AttestRoute>> = {
  '/v1/attest/challenge': {
    method: 'POST',
    agent: false,
    answer: async ({ attestors }, request) => {
      const asked = parseChallengeRequest(await readBody(request))
      return { ...attestors.challenge(asked) }
    },
  },
  '/v1/attest': {
    method: 'POST',
    agent: false,
    answer: async ({ identities, attestors }, request) => {
      const asked = parseAttestRequest(await readBody(request))
      // Before anything is asked of an issuer: whoever has no key gets no further.
      const { publicKey } = checkRequest(asked.csr)
      const attested = await attestors.attest(asked)
      const { composition, replaces } = asked
      return {
        ...(await identities.enrolAttested({
          attested,
          publicKey,
          ...(composition === undefined ? {} : { composition }),
          ...(replaces === undefined ? {} : { replaces }),
        })),
      }
    },
  },
}
