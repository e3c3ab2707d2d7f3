// Holds what a verification reports: what was looked at, and every deviation with its place.

import { publicFault } from '../std/fault.ts'
import type { AuditCode } from './faults.ts'

/** Codes that a verification can find. */
export type VerifyCode = Extract<AuditCode, `audit.verify_${string}`>

/** One deviation. */
export interface VerifyFinding {
  readonly code: VerifyCode
  /** File below the log's folder, or the record's index. */
  readonly place: string
  /** What is wrong there: lower case, one sentence. */
  readonly detail: string
}

/** One start of one gateway, as the log shows it. */
export interface VerifiedBoot {
  readonly gateway: string
  readonly boot: string
  /** Records that were seen. */
  readonly records: number
  /** Number of the first that was seen: 1 unless what came before was passed over. */
  readonly first: number
  /** Number of the newest; `iseq - first + 1` are `records` where there is no gap. */
  readonly iseq: number
  /** When the newest was sealed, RFC 3339. */
  readonly last: string
  /** Its last record is its stop; or another boot followed without one (a crash); or it may still run. */
  readonly ended: 'stopped' | 'unstopped' | 'open'
}

/** Somebody else who signed a checkpoint. */
export interface SeenBy {
  /** Name of the witness, as the policy calls it. */
  readonly name: string
  /** When it says that it saw it, RFC 3339. */
  readonly at: string
}

/** One shard under its signed checkpoint. */
export interface VerifiedShard {
  /** `YYYYhH`; empty for a folder that is a shard itself. */
  readonly name: string
  readonly origin: string
  readonly size: number
  /** base64. */
  readonly root: string
  /** Witnesses of the given policy who signed this checkpoint. */
  readonly witnesses: readonly SeenBy[]
  /** Leaves that they saw; absent where nobody did. */
  readonly witnessed?: number
  /** Its entries and tiles are gone, and only its checkpoint is left: a finding unless a record of the log says so. */
  readonly dropped?: true
}

/** Who besides the log vouches for its checkpoints. */
export type WitnessVerdict = 'unwitnessed' | 'below_quorum' | 'witnessed'

/** The result of verifying a whole log. */
export interface VerifyReport {
  /** True only where nothing deviates. */
  readonly ok: boolean
  /** Whether entries were read, or the hashes alone. */
  readonly read: 'records' | 'hashes'
  /** `unwitnessed`: nobody but the log vouches, and a second history shown to others would not show here. */
  readonly witness: WitnessVerdict
  /** Of the signed checkpoint of the newest shard; absent where none could be opened. */
  readonly origin?: string
  readonly size?: number
  /** Root of the signed checkpoint, base64. */
  readonly root?: string
  /** Every shard whose checkpoint could be opened, the oldest first. */
  readonly shards: readonly VerifiedShard[]
  /** Records that were read, hashed and parsed. */
  readonly records: number
  readonly boots: readonly VerifiedBoot[]
  /** The first of the deviations, in the order of the log. */
  readonly findings: readonly VerifyFinding[]
  /** Deviations beyond those listed. */
  readonly more: number
  /** What became of the receipts that were given along; absent where none were. */
  readonly receipts?: readonly ReceiptVerdict[]
  /** What no rule forbids and somebody should be able to explain. */
  readonly notes: readonly VerifyFinding[]
}

/** What became of one promise: kept; not due yet; or broken, and then the receipt is evidence against the log. */
export interface ReceiptVerdict {
  readonly id: string
  /** Leaf hash, base64url. */
  readonly leaf: string
  readonly state: 'kept' | 'pending' | 'broken'
  /** By when it was promised; absent where it was kept. */
  readonly by?: string
}

/** Deviations that a report lists. */
const FINDINGS_MAX = 100

/** Collects deviations, bounded. */
export class Findings {
  readonly list: VerifyFinding[] = []
  readonly notes: VerifyFinding[] = []
  more = 0
  #shard = ''

  /** What is added from here on is of this shard. */
  enter(shard: string): void {
    this.#shard = shard
  }

  add(code: VerifyCode, path: string, detail: string): void {
    // Records are counted over the whole log; files are named within it.
    const place = this.#shard === '' || path.startsWith('record') ? path : `${this.#shard}/${path}`
    if (this.list.length < FINDINGS_MAX) this.list.push({ code, place, detail })
    else this.more += 1
  }

  /** Something to know that is no deviation. */
  note(code: VerifyCode, place: string, detail: string): void {
    if (this.notes.length < FINDINGS_MAX) this.notes.push({ code, place, detail })
  }
}

/** Why a file of the log could not be used, in words that are safe to show. */
export function whyUnread(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'it is missing'
  const { code, detail } = publicFault(error)
  return code === 'internal' ? 'it cannot be read' : detail
}
