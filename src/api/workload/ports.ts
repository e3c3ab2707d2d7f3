// Holds what the Workload API needs from others; `server/` fills it in.

import type { Clock } from '../../std/clock.ts'
import type { Entropy } from '../../std/entropy.ts'
import type { Fault } from '../../std/fault.ts'
import type { JsonObject } from '../../std/json.ts'
import type { Timer } from '../../std/timer.ts'
import type { PeerKernel } from '../../authority/identity/attest/unix-peer.ts'
import type { UnixProcesses } from '../../authority/identity/attest/unix-processes.ts'

/** What is trusted now. */
export interface WorkloadTrust {
  readonly trustDomain: string
  /** DER of the roots. */
  roots(): readonly Uint8Array[]
  /** The keys of JWT-SVIDs as a JWK set, and no others (Workload API §6.2.2). */
  jwtKeys(): JsonObject
  /** Told when either has changed. The answer stops listening. */
  onChange(listener: () => void): () => void
}

/** What stands against an instance, beyond its end: a lock, an agent that is not active, a delegation that is over. */
export interface WorkloadStanding {
  /** Why this instance gets nothing now; undefined where nothing stands against it. Synchronous, from memory. */
  against(instance: string): Fault | undefined
  /** Told when the answer may have changed, for any instance. The answer stops listening. */
  onChange(listener: () => void): () => void
}

/** JWT-SVIDs. */
export interface WorkloadTokens {
  /** Undefined for an instance that is no longer live. */
  spiffeIdOf(instance: string): string | undefined
  /** Records and signs one, for at most five minutes. */
  sign(of: { readonly instance: string; readonly audience: readonly string[] }): Promise<string>
  /** Checks one of this trust domain, and that its instance lives. Throws a Fault, never quoting it. */
  verify(of: {
    readonly svid: string
    readonly audience: string
  }): Promise<{ readonly spiffeId: string; readonly claims: JsonObject }>
}

/** Everything that the Workload API needs. */
export interface WorkloadPorts {
  readonly clock: Clock
  readonly timer: Timer
  readonly entropy: Entropy
  readonly kernel: PeerKernel
  readonly processes: Pick<UnixProcesses, 'identify' | 'instanceFor' | 'instanceOf'>
  readonly trust: WorkloadTrust
  readonly standing: WorkloadStanding
  readonly tokens: WorkloadTokens
  /** Counts a refusal by its code; recorded in sums elsewhere. */
  readonly onRefused: (code: string) => void
  /** Told what nobody foresaw, for the operator's own log. */
  readonly onFailure: (error: unknown) => void
}
