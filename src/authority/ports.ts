// Holds what every part of the authority works with.

import type { Clock } from '../std/clock.ts'
import type { Entropy } from '../std/entropy.ts'
import type { Timer } from '../std/timer.ts'
import type { KeyRing } from '../keys/ring.ts'
import type { Store } from '../store/open.ts'
import type { AuditSink } from '../wire/record.ts'

/**
 * What the authority stands on. Every change goes the same way: check, append the record, sign, write the row, show it in
 * memory. If we crash between record and row, the record tells of a change that never took hold: nobody was told of it,
 * and repeating the command is safe.
 */
export interface AuthorityPorts {
  /** Opened over `keys.authority`. */
  readonly store: Store
  readonly keys: KeyRing
  readonly audit: AuditSink
  readonly clock: Clock
  readonly entropy: Entropy
  readonly timer: Timer
}
