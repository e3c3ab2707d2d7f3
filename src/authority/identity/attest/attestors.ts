// Holds the attestors that are asked over the network, as one: evidence in, what it proves out.

import type { Clock } from '../../../std/clock.ts'
import { rfc3339 } from '../../../std/clock.ts'
import type { Entropy } from '../../../std/entropy.ts'
import type { AttestRequest, Challenge, ChallengeRequest } from '../../../wire/attest.ts'
import type { TrustSources } from '../../trust/trust-sources.ts'
import type { Attested } from './attested.ts'
import type { OidcAttestor } from './oidc.ts'
import { X509Attestor } from './x509pop.ts'

/** What attestors need. */
interface AttestorPorts {
  readonly sources: Pick<TrustSources, 'get'>
  readonly clock: Clock
  readonly entropy: Entropy
}

/** The attestors of tokens and of certificates. */
export class Attestors {
  readonly #ports: AttestorPorts
  #oidc: Promise<OidcAttestor> | undefined
  readonly #x509: X509Attestor

  constructor(ports: AttestorPorts) {
    this.#ports = ports
    this.#x509 = new X509Attestor(ports.sources, ports.clock, ports.entropy)
  }

  /** A challenge, to be signed with the key of a fleet's certificate. */
  challenge(asked: ChallengeRequest): Challenge {
    const { challenge, expiresAt } = this.#x509.challenge(asked)
    return { challenge, expires_at: rfc3339(expiresAt) }
  }

  /** What evidence proves. Throws `attest.evidence`, or `trust.unreachable`. */
  async attest(asked: AttestRequest): Promise<Attested> {
    if (asked.attestor === 'x509pop') return this.#x509.attest(asked)
    this.#oidc ??= this.#loaded()
    return (await this.#oidc).attest(asked)
  }

  /** Loaded with the first token: most homes trust no issuer, and the start of all of them would be larger by its library. */
  async #loaded(): Promise<OidcAttestor> {
    const { OidcAttestor: Attestor } = await import('./oidc.ts')
    return new Attestor(this.#ports.sources, this.#ports.clock)
  }
}
