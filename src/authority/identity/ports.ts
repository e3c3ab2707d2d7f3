// Holds what identities ask of the rest of the authority: who agents and people are, and which delegations hold.

import type { Clock } from '../../std/clock.ts'
import type { Entropy } from '../../std/entropy.ts'
import type { Timer } from '../../std/timer.ts'
import type { AuditSink } from '../../wire/record.ts'
import type { Store } from '../../store/open.ts'
import type { Agent } from '../../store/rows/agent.ts'
import type { Delegation } from '../../store/rows/delegation.ts'
import type { Person } from '../../store/rows/person.ts'
import type { AttestorName } from './attest/attested.ts'
import type { Roots } from './roots.ts'

/** A registered agent, as far as identity looks at it. */
export type RegisteredAgent = Pick<
  Agent,
  'owner' | 'roles' | 'assignments' | 'environment' | 'unattended' | 'taskless' | 'state'
>

/** One link of a chain of delegations. */
export type DelegationLink = Pick<
  Delegation,
  'id' | 'person' | 'agent' | 'instance' | 'expiresAt' | 'by' | 'parent' | 'scope' | 'task'
>

/** Who is registered. Synchronous, from a view in memory: asked at every call. */
export interface RegistryPort {
  agentOf(name: string): RegisteredAgent | undefined
  /** A person who may act here; undefined for anybody else. */
  personOf(id: string): Pick<Person, 'id' | 'roles'> | undefined
}

/** On whose behalf instances act. */
export interface DelegationPort {
  create(of: {
    readonly person: string
    readonly agent: string
    readonly scope?: readonly string[]
    /** How many links may follow; absent: none. */
    readonly depth?: number
    /** Task id that it is bound to; absent: none. */
    readonly task?: string
    /** ms since the epoch. */
    readonly expiresAt: number
  }): Promise<{ readonly id: string }>
  /** Gives a delegation its instance, once. */
  bind(id: string, instance: string): Promise<unknown>
  /** The delegation with everything above it, the highest first; undefined when any link does not hold now. Synchronous. */
  chainOf(id: string): readonly DelegationLink[] | undefined
}

/** A trust source, as far as registrations look at it. */
export interface SourceOfEvidence {
  readonly attestor: AttestorName
  /** ms since the epoch. What was registered before was registered for another source of the same name. */
  readonly createdAt: number
}

/** Everything that identities need. */
export interface IdentityPorts {
  readonly store: Pick<
    Store,
    'joinTokens' | 'instances' | 'certificates' | 'registrations' | 'spent' | 'atomically'
  >
  readonly audit: AuditSink
  readonly roots: Roots
  readonly registry: RegistryPort
  readonly delegations: DelegationPort
  readonly clock: Clock
  readonly timer: Timer
  readonly entropy: Entropy
  /** Told what could not be written yet and is tried again, for the operator's own log. */
  readonly onTrouble: (error: unknown) => void
  /** The trust source of a name, while it is trusted; absent: there is none. */
  readonly sourceOf?: (name: string) => SourceOfEvidence | undefined
  /** A join token was used a second time: resolves when whoever was first is locked. Absent: the record alone tells. */
  readonly onJoinRace?: (instance: string, agent: string) => Promise<void>
  /** Life of a certificate in ms; at most, and by default, an hour. */
  readonly certificateLife?: number
  /** Absolute life of an instance in ms; 24 hours by default. */
  readonly instanceLife?: number
}
