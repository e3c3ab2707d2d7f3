// Holds what the OAuth endpoints ask of the rest: who is live, what delegations there are, which resources exist.

import type { Clock } from '../../std/clock.ts'
import type { Entropy } from '../../std/entropy.ts'
import type { Observe } from '../../wire/observation.ts'
import type { TokenHolder } from '../../authority/tokens/ports.ts'
import type { Tokens } from '../../authority/tokens/tokens.ts'
import type { Grant } from './grants/grant.ts'

/** Instances, as clients. Synchronous, from memory. */
export interface ClientPort {
  /** The instance, when it is live. */
  live(instance: string): TokenHolder | undefined
  /**
   * The instance behind a certificate (SHA-256 of its DER, lower-case hex) when everything about it holds now: the
   * certificate, its absolute life, its agent, the delegation that it acts under.
   */
  holderOf(certificate: string): TokenHolder | undefined
}

/** Delegations, as an exchange makes and uses them. */
export interface PassPort {
  /** An instance passes authority on. Throws the `delegation.*` or `agent.*` Fault of what is not allowed. */
  pass(of: {
    readonly by: { readonly instance: string; readonly agent: string }
    readonly parent?: string
    readonly agent: string
    readonly instance?: string
    readonly scope?: readonly string[]
    readonly expiresAt: number
  }): Promise<{ readonly id: string; readonly expiresAt: number }>
  /** Gives a delegation its instance, once; throws `delegation.bound` when it has another. */
  bind(id: string, instance: string): Promise<unknown>
  get(id: string): { readonly instance?: string } | undefined
}

/** The resources that tokens can be for (RFC 8707). */
export interface ResourcePort {
  known(url: string): boolean
  /** What a token is for where nothing is said. */
  all(): readonly string[]
}

/** Takes a token of another kind away; false when it is none of its kind. */
export type Revoker = (
  text: string,
  client: { readonly id: string; readonly instance?: string },
) => Promise<boolean>

/** Everything that the endpoints need. */
export interface OAuthPorts {
  readonly tokens: Tokens
  readonly clients: ClientPort
  readonly delegations: PassPort
  readonly resources: ResourcePort
  readonly trustDomain: string
  readonly clock: Clock
  readonly entropy: Entropy
  readonly observe: Observe
  /** Grants beyond those for machines. */
  readonly grants?: readonly Grant[]
  /** URL at which people consent; absent where there is no such grant. */
  readonly authorizationEndpoint?: () => string
  /** Takes refresh tokens away. */
  readonly revokers?: readonly Revoker[]
}
