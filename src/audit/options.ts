// Holds the settings of an audit log and their bounds.

import type { Clock } from '../std/clock.ts'
import type { Entropy } from '../std/entropy.ts'
import type { Signer } from '../keys/ring.ts'
import { fault } from './faults.ts'
import type { QuotaLimits } from './quota.ts'
import { SEGMENT_LEAST } from './segment.ts'

/** When a record counts: durable on this disk, committed by PostgreSQL, or the latter while more than one gateway is attached. */
export type AckLevel = 'local' | 'remote' | 'auto'

/** Bounds that may be set; the defaults are for a machine in service. */
export interface AuditLimits {
  /** Bytes of a spool segment, 131,072 to 1 GiB. */
  readonly segmentBytes: number
  /** Longest that the record of a call waits to be durable, ms, up to 60,000. */
  readonly waitMs: number
  /** The same for outcomes and for what people do, ms: a lock is not refused because a disk is slow. */
  readonly patientMs: number
  /** Bytes of the segment that is kept for a full disk, 131,072 to 1 GiB; at most those of a segment are used. */
  readonly keptBytes: number
  /** Longest from a receipt to the place of its record under a published checkpoint, ms. */
  readonly mmdMs: number
  /** Longest that a durable record waits for its place under a checkpoint to be sought, ms, 1 to 1000. */
  readonly checkpointMs: number
  /** Between two `heartbeat` records, ms, from 100. */
  readonly heartbeatMs: number
  /** Bytes of records that may wait for the disk at once. */
  readonly queueBytes: number
}

/** What an audit log is opened with. */
export interface AuditLogOptions {
  /** Folder that holds `spool/`, `log/`, `log.vkey` and `log-state.sqlite`. One process at a time. */
  readonly home: string
  /** Name of this gateway in every record. */
  readonly gateway: string
  /** Name of the log: a URL without scheme, spaces and plus signs. */
  readonly origin: string
  /** The log key, Ed25519. */
  readonly signer: Signer
  readonly clock: Clock
  readonly entropy: Entropy
  readonly limits?: Partial<AuditLimits>
  /** PostgreSQL, where it orders the records of several gateways; absent: this home is a log by itself. */
  readonly database?: {
    /** A direct connection, as the application's role. */
    readonly url: string
    readonly ack: AckLevel
  }
  /** How many records one instance may cause; absent: 2,000 a second and 20 million a day. */
  readonly quota?: QuotaLimits
}

const DEFAULTS: AuditLimits = {
  segmentBytes: 64 << 20,
  waitMs: 1000,
  patientMs: 10_000,
  keptBytes: 4 << 20,
  mmdMs: 86_400_000,
  checkpointMs: 500,
  heartbeatMs: 60_000,
  queueBytes: 16 << 20,
}

const BOUNDS: Readonly<Record<keyof AuditLimits, readonly [number, number]>> = {
  segmentBytes: [SEGMENT_LEAST, 1 << 30],
  waitMs: [1, 60_000],
  patientMs: [1, 60_000],
  keptBytes: [SEGMENT_LEAST, 1 << 30],
  mmdMs: [1_000, 604_800_000],
  checkpointMs: [1, 1000],
  heartbeatMs: [100, 86_400_000],
  queueBytes: [SEGMENT_LEAST, 1 << 30],
}

/** The limits with defaults filled in. Throws `audit.options` for one out of its bounds. */
export function auditLimits(given: Partial<AuditLimits> = {}): AuditLimits {
  const limits = { ...DEFAULTS, ...given }
  for (const name of Object.keys(BOUNDS) as (keyof AuditLimits)[]) {
    const [low, high] = BOUNDS[name]
    if (!Number.isInteger(limits[name]) || limits[name] < low || limits[name] > high) {
      throw fault('audit.options', `${name} is a whole number from ${low} to ${high}`)
    }
  }
  return limits
}
