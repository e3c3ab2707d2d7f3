// Holds what the control API needs from others. The authority is used as it is; what only `server/` can do comes by port.

import type { Clock } from '../std/clock.ts'
import type { Entropy } from '../std/entropy.ts'
import type { Timer } from '../std/timer.ts'
import type { AuditLog } from '../audit/log.ts'
import type { Consents } from '../authority/consent/consents.ts'
import type { Identities } from '../authority/identity/identities.ts'
import type { Roots } from '../authority/identity/roots.ts'
import type { Locks } from '../authority/locks/locks.ts'
import type { Authority } from '../authority/open.ts'
import type { Problem } from '../policy/problem.ts'
import type { PolicySet } from '../policy/set.ts'
import type { Effect } from '../wire/effect.ts'
import type { StdioTransport, SystemDefinition } from '../wire/system.ts'

/** Facts of the running server, as they are now. */
export interface ServerFacts {
  readonly version: string
  /** Folder of the home. */
  readonly home: string
  /** ms since the epoch. */
  readonly startedAt: number
  readonly trustDomain: string
  /** SHA-256 of the DER of the authority's root certificate, base64url. */
  readonly authorityFingerprint: string
  /** When that certificate ends, ms since the epoch. */
  readonly authorityEnds: number
  /** URLs; the control listener's with the name that it insists on. */
  readonly listeners: {
    readonly control: string
    readonly identity: string
    readonly gateway: string
    /** The gateway without TLS, for tokens; absent where it is switched off. */
    readonly plain?: string
    /** `unix://` and the path of the Workload API's socket; absent where it is not served. */
    readonly workload?: string
  }
  readonly callsInFlight: number
  /** Processes of upstream systems. */
  readonly upstreams: number
  readonly logOrigin: string
  /** When the checkpoint was published, ms since the epoch. */
  readonly logPublishedAt?: number
  /** Which of the two deployments this is, and what an agent could do in it (DESIGN §4). One sentence. */
  readonly situation: string
  /** What the operator should know. One sentence each. */
  readonly warnings: readonly string[]
}

/** A system to look at. */
export interface SystemCandidate {
  readonly name: string
  readonly transport: StdioTransport
  /** Values by variable; a variable of the transport without one keeps the value that is sealed already. */
  readonly secrets: Readonly<Record<string, string>>
}

/** What looking at a system found. Nothing is kept. */
export interface Inspection {
  /** Effects are proposals. */
  readonly definition: Omit<SystemDefinition, 'digest'>
  /** Digest of everything but the effects. */
  readonly fingerprint: string
  /** Fingerprint of what is pinned now. */
  readonly pinned?: string
  readonly changes: readonly {
    readonly action: string
    readonly change: 'added' | 'removed' | 'changed'
  }[]
  readonly warnings: readonly string[]
}

/** A person's yes to a system. */
export interface Pin extends SystemCandidate {
  readonly effects: Readonly<Record<string, readonly Effect[]>>
  readonly fingerprint: string
  /** Person id. */
  readonly person: string
  readonly reason: string
  readonly maxProcesses?: number
  /** Absent: the one that it has already. */
  readonly environment?: string
}

/** What applying a set of policies did, or would do. */
export type PolicyChange =
  | { readonly ok: false; readonly problems: readonly Problem[] }
  | {
      readonly ok: true
      readonly digest: string
      readonly applied: boolean
      /** `@id`s, compared with the set that decided before. */
      readonly added: readonly string[]
      readonly removed: readonly string[]
      readonly changed: readonly string[]
      readonly warnings: readonly Problem[]
    }

/** A lock as the authority made it. */
export type Lock = Awaited<ReturnType<Locks['add']>>

/** What only the server can do, as it sees the gateway. */
export interface ServerPort {
  facts(): ServerFacts
  /** The set that decides now, and why the one that was applied last is not it. */
  policies(): { readonly set: PolicySet; readonly problems: readonly Problem[] }
  /** Starts the system once and tells what it is. */
  inspectSystem(candidate: SystemCandidate): Promise<Inspection>
  /** Looks again and pins; throws `system.changed` (409) where it is no longer what was shown. */
  pinSystem(pin: Pin): Promise<unknown>
  applyPolicies(of: {
    readonly sources: readonly { readonly file: string; readonly text: string }[]
    /** Person id. */
    readonly person: string
    readonly reason: string
    readonly dryRun: boolean
  }): Promise<PolicyChange>
  /** Locks, and counts what the lock cut at once. */
  lock(of: {
    readonly target: Lock['target']
    /** Person id. */
    readonly person: string
    readonly reason: string
  }): Promise<{
    readonly lock: Lock
    readonly cut: { readonly calls: number; readonly processes: number }
  }>
}

/** Everything that the control API needs. */
export interface ControlPorts {
  readonly clock: Clock
  readonly entropy: Entropy
  readonly timer: Timer
  readonly authority: Authority
  readonly identities: Pick<
    Identities,
    'list' | 'issueJoinToken' | 'revokeInstance' | 'registrations'
  >
  readonly roots: Pick<
    Roots,
    | 'trustDomain'
    | 'active'
    | 'serving'
    | 'sequence'
    | 'tokenKeyId'
    | 'list'
    | 'rotate'
    | 'rekey'
    | 'replaceTokenKey'
  >
  readonly audit: Pick<
    AuditLog,
    'append' | 'get' | 'byCall' | 'tail' | 'subscribe' | 'flush' | 'checkpoint' | 'proof' | 'stats'
  >
  readonly server: ServerPort
  readonly consents: Consents
  /** Counts a refusal of somebody unauthenticated, by its code; recorded in sums elsewhere. */
  refused(code: string): void
  /** Told what nobody foresaw, for the operator's own log. */
  failed(error: unknown, requestId: string): void
}
