// Holds the attestors that are asked over the network, as one: evidence in, what it proves out.

import type { Clock } from '../../../std/clock.ts'
import { rfc3339 } from '../../../std/clock.ts'
import type { Entropy } from '../../../std/entropy.ts'
import type { AttestRequest, Challenge, ChallengeRequest } from '../../../wire/attest.ts'
import type { TrustSources } from '../../trust/trust-sources.ts'
import type { Attested } from './attested.ts'
import { OidcAttestor } from './oidc.ts'
import { X509Attestor } from './x509pop.ts'

/** The attestors of tokens and of certificates. */
export class Attestors {
  readonly #oidc: OidcAttestor
  readonly #x509: X509Attestor

  constructor(ports: {
    readonly sources: Pick<TrustSources, 'get'>
    readonly clock: Clock
    readonly entropy: Entropy
  }) {
    this.#oidc = new OidcAttestor(ports.sources, ports.clock)
    this.#x509 = new X509Attestor(ports.sources, ports.clock, ports.entropy)
  }

  /** A challenge, to be signed with the key of a fleet's certificate. */
  challenge(asked: ChallengeRequest): Challenge {
    const { challenge, expiresAt } = this.#x509.challenge(asked)
    return { challenge, expires_at: rfc3339(expiresAt) }
  }

  /** What evidence proves. Throws `attest.evidence`, or `trust.unreachable`. */
  async attest(asked: AttestRequest): Promise<Attested> {
    return asked.attestor === 'oidc' ? this.#oidc.attest(asked) : this.#x509.attest(asked)
  }
}
