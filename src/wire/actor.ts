// Holds who acts: one instance of one agent, by which credential, under whose delegation.

import type { TaskFacts } from './task.ts'

/**
 * How a credential is tied to whoever shows it. `vouched` is the word of a registered enforcer that authenticated it; `none` is an unbound bearer: an explicit
 * setting, short, marked in every record (INV-8).
 */
export type Binding = 'mtls' | 'dpop' | 'peer' | 'vouched' | 'none'

/** The credential that was shown for one request. */
export interface ActorCredential {
  readonly kind: 'x509' | 'token' | 'peer' | 'vouched'
  /** SHA-256 of the certificate's DER (hex), the token's `jti`, `pid:start time` of a local peer, or the enforcer's name. */
  readonly id: string
  readonly binding: Binding
  /** ms since the epoch. */
  readonly ends: number
  /** The token's own scope, where it has one: the very list that is the last of `Actor.scopes`. */
  readonly scope?: readonly string[]
}

/** An agent instance that passed authority on to the one that acts. */
export interface Delegator {
  /** Delegation id under which it has what it passed on; empty for one that acts unattended. */
  readonly delegation: string
  readonly instance: string
  readonly agent: string
  /** Roles of that agent now, sorted. */
  readonly roles: readonly string[]
  /** Who owns that agent: a person id, or `team:<name>`. */
  readonly owner: string
}

/** What authentication yields: the instance behind a credential. Made by the authority, never by the caller, anew for every request. */
export interface Actor {
  /** Instance id (UUIDv7). */
  readonly instance: string
  /** Agent name. */
  readonly agent: string
  /** `spiffe://<trust domain>/agent/<agent>/<instance>`. */
  readonly spiffeId: string
  /** Roles of the agent that hold now, sorted. */
  readonly roles: readonly string[]
  /** Who owns the agent: a person id, or `team:<name>`. */
  readonly owner: string
  /** Environment of the agent, e.g. `production`. */
  readonly environment: string
  /**
   * On whose behalf: the delegation of this instance and the person at the head of its chain. Absent only for agents that act
   * unattended; the person is empty where the chain begins with one of those.
   */
  readonly delegation?: {
    readonly id: string
    readonly person: string
    readonly personRoles: readonly string[]
    /** Task that the delegation, or one above it, is bound to: it works on that one alone. */
    readonly task?: string
  }
  /** Who passed authority on, the highest first; empty where the person, or the registration, did so directly. */
  readonly chain: readonly Delegator[]
  /**
   * Scopes of every delegation above and of the token: each list has to hold a pattern that covers the action
   * (`<system>/<action>`, `<system>/*`, `*`). Empty: nothing narrows.
   */
  readonly scopes: readonly (readonly string[])[]
  readonly credential: ActorCredential
  /** When the instance's absolute life ends (INV-8), ms since the epoch. */
  readonly lifeEnds: number
  /** What it works on: the task that the request names, or the only one that is open for it. Absent: none. */
  readonly task?: TaskFacts
  /**
   * True where it may act without a task: it, and everybody who passed authority on to it, is registered so, and no task is open
   * for it from which it could choose none. Absent: it may not.
   */
  readonly taskless?: boolean
  /** True where it was started in a district of its own (`bailiwick run`), by the program of a person. Absent: nothing is known of that. */
  readonly district?: true
  /** Elements of the composition that were attested, by name; never what was merely claimed. */
  readonly attested: Readonly<Partial<Record<CompositionElement, string>>>
}

/** What an instance is made of. */
export type CompositionElement = 'instructions' | 'tools' | 'model' | 'code'

/** How an element of a composition is known: proven by an attestor, seen by us, or said by the instance itself. */
export type Assurance = 'attested' | 'observed' | 'claimed'

/** The selector of an instance that was started in a district: the word of the person's program that asked for its join token. */
export const DISTRICT_SELECTOR = 'run:district'

/** What an instance is made of, each element with how it is known. */
export type Composition = Readonly<
  Partial<Record<CompositionElement, { readonly value: string; readonly assurance: Assurance }>>
>
