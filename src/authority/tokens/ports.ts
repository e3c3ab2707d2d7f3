// Holds what tokens ask of the rest of the authority: which instances are live, and which chains of delegations hold.

import type { Clock } from '../../std/clock.ts'
import type { Entropy } from '../../std/entropy.ts'
import type { Timer } from '../../std/timer.ts'
import type { TokenKey } from '../../keys/ring.ts'
import type { Store } from '../../store/open.ts'
import type { Delegation } from '../../store/rows/delegation.ts'
import type { Composition } from '../../wire/actor.ts'
import type { AuditSink } from '../../wire/record.ts'

/** A certificate of a live instance. */
export interface HolderCertificate {
  /** ms since the epoch. */
  readonly notAfter: number
  /** SubjectPublicKeyInfo, DER; absent for certificates of older homes. */
  readonly spki?: Uint8Array
}

/** A live instance, as far as tokens look at it. */
export interface TokenHolder {
  readonly id: string
  readonly agent: string
  readonly spiffeId: string
  /** Delegation id under which it acts; absent for agents that act unattended. */
  readonly delegation?: string
  /** ms since the epoch. */
  readonly lifeEnds: number
  readonly composition?: Composition
  /** Its certificates, by the SHA-256 of their DER in lower-case hex. */
  readonly certificates: ReadonlyMap<string, HolderCertificate>
}

/** Which instances are live. Synchronous, from memory. */
export interface HolderPort {
  live(id: string): TokenHolder | undefined
  /** Calls back at once when an instance is no longer live. */
  onGone(listener: (instance: string) => void): () => void
}

/** Which delegations hold. Synchronous, from memory. */
export interface ChainPort {
  /** The delegation and everything above it, in any order; undefined when any link does not hold now. */
  chainOf(id: string): readonly Delegation[] | undefined
  /** Calls back when a delegation ended, once for each, also for those below it. */
  onEnd(listener: (delegation: string) => void): () => void
}

/** Everything that tokens need. */
export interface TokenPorts {
  readonly store: Pick<Store, 'tokens'>
  readonly audit: AuditSink
  /** `keys.tokens`, ES256. Replacing it takes away every token that it signed. */
  readonly signer: Pick<TokenKey, 'keyId' | 'publicKey' | 'sign' | 'onReplaced'>
  readonly trustDomain: string
  /** URL of the authorization server (RFC 8414 §2), without a slash at its end; known once the listener has its port. */
  readonly issuer: () => string
  readonly holders: HolderPort
  readonly chains: ChainPort
  readonly clock: Clock
  readonly timer: Timer
  readonly entropy: Entropy
  /** Told what could not be written yet and is tried again, for the operator's own log. */
  readonly onTrouble: (error: unknown) => void
  /** Life of a token in ms; at most, and by default, ten minutes. */
  readonly life?: number
  /** Life of a token that is bound to no key, in ms; 0, the default, means that there are none (INV-8). */
  readonly unboundLife?: number
}
