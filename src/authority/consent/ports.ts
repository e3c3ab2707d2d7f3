// Holds what consent asks of the rest of the authority, and of the server around it.

import type { Clock } from '../../std/clock.ts'
import type { Entropy } from '../../std/entropy.ts'
import type { Timer } from '../../std/timer.ts'
import type { Sealer } from '../../keys/ring.ts'
import type { Store } from '../../store/open.ts'
import type { Agent } from '../../store/rows/agent.ts'
import type { Delegation } from '../../store/rows/delegation.ts'
import type { Person } from '../../store/rows/person.ts'
import type { RefreshRow } from '../../store/rows/refresh.ts'
import type { Observe } from '../../wire/observation.ts'
import type { AuditSink } from '../../wire/record.ts'
import type { IssuedToken } from '../tokens/tokens.ts'
import type { Address } from './client-fetch.ts'

/** The resources that tokens can be for: what is behind the gateways of this home. */
export interface ResourcePort {
  /** URL of all of it: what is meant where a request names nothing. */
  everything(): string
  /** Name of the system behind a URL, `*` for all of them, undefined where it is none of ours. */
  systemOf(resource: string): string | undefined
}

/** Everything that consent needs. */
export interface ConsentPorts {
  readonly store: Pick<Store, 'refreshFamilies' | 'spent'>
  readonly audit: AuditSink
  /** `keys.encryption`: codes and refresh tokens are sealed, so that nobody but us can have made one. */
  readonly sealer: Sealer
  readonly clock: Clock
  readonly timer: Timer
  readonly entropy: Entropy
  readonly registry: {
    agents(): readonly Agent[]
    agentOf(name: string): Agent | undefined
    personOf(id: string): Person | undefined
  }
  readonly delegations: {
    create(of: {
      readonly person: string
      readonly agent: string
      readonly scope?: readonly string[]
      /** Task id that it is bound to. */
      readonly task: string
      readonly expiresAt: number
    }): Promise<Delegation>
    get(id: string): Delegation | undefined
    revoke(id: string, word: { readonly by: string; readonly reason: string }): Promise<unknown>
    onEnd(listener: (delegation: string) => void): () => void
  }
  readonly tasks: {
    /** Opens the task that a consent is: what the person ticked, for this client, until it ends. Answers its id. */
    open(of: {
      readonly agent: string
      readonly person: string
      readonly intent: string
      readonly scope: readonly string[]
      readonly endsAt: number
    }): Promise<string>
    /** Ends one of which nothing came; nothing happens to one that has ended. */
    cancel(task: string, reason: string): Promise<void>
  }
  readonly instances: {
    enrolKeyless(of: {
      readonly agent: string
      readonly delegation: string
      readonly attested: { readonly attestor: 'consent'; readonly selectors: readonly string[] }
    }): Promise<{ readonly instance: string }>
    live(id: string): { readonly agent: string; readonly lifeEnds: number } | undefined
    /** Ends an instance for good; nothing happens to one that is not live. `by` is a person id, empty where Bailiwick itself does it. */
    end(id: string, word: { readonly by: string; readonly reason: string }): Promise<void>
    onGone(listener: (instance: string) => void): () => void
  }
  readonly tokens: {
    readonly issuer: string
    issue(of: {
      readonly instance: string
      readonly delegation: string
      readonly audience: readonly string[]
      readonly scope: readonly string[]
      readonly binding?: NonNullable<RefreshRow['binding']>
      readonly family: string
      readonly client: string
      readonly notAfter: number
    }): Promise<IssuedToken>
    /** The live token of a text, whoever shows it. */
    find(text: string): { readonly id?: string; readonly family?: string } | undefined
    revoke(id: string, reason: string): Promise<void>
    revokeFamily(family: string, reason: string): Promise<void>
  }
  readonly resources: ResourcePort
  readonly observe: Observe
  readonly settings: {
    /** Life of a token that is bound to no key (ms); 0: there are none (INV-8). */
    readonly unboundMs: number
    /** Whether clients may publish their documents on this machine: for development alone. */
    readonly loopbackClients: boolean
  }
  /** Addresses of a host name; the machine's own resolver unless a test has another. */
  readonly resolve?: (host: string) => Promise<readonly Address[]>
  /** Told what went wrong where nobody waits for an answer, for the operator's own log. */
  readonly onTrouble: (error: unknown) => void
}
