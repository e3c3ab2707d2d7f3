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
  /** Records in the log. */
  readonly records: number
  /** Number of the newest; equal to `records` where there is no gap. */
  readonly iseq: number
}

/** One shard under its signed checkpoint. */
export interface VerifiedShard {
  /** `YYYYhH`; empty for a folder that is a shard itself. */
  readonly name: string
  readonly origin: string
  readonly size: number
  /** base64. */
  readonly root: string
}

/** The result of verifying a whole log. */
export interface VerifyReport {
  /** True only where nothing deviates. */
  readonly ok: boolean
  /** Nobody but the log itself vouches for this checkpoint: a second history shown to others would not show here. */
  readonly witness: 'unwitnessed'
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
}

/** Deviations that a report lists. */
const FINDINGS_MAX = 100

/** Collects deviations, bounded. */
export class Findings {
  readonly list: VerifyFinding[] = []
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
}

/** Why a file of the log could not be used, in words that are safe to show. */
export function whyUnread(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'it is missing'
  const { code, detail } = publicFault(error)
  return code === 'internal' ? 'it cannot be read' : detail
}
