// Holds what goes on when the disk fills up: which records are still taken, which are not, and how many were not.

import { rfc3339 } from '../std/clock.ts'
import type { JsonObject } from '../std/json.ts'
import type { RecordDraft } from '../wire/record.ts'
import { fault } from './faults.ts'
import type { SpoolRoom } from './spool-committer.ts'

/** Types of records that are refused and counted apart; what comes beyond is counted together. */
const TYPES_MAX = 32
const OTHER = 'other'

/** Of what the gateway does by itself: what takes authority away, and what says how the record itself is doing. */
const KEPT_LIFECYCLE = /^(gateway|audit|log|lock|break_glass)\.|^heartbeat$/
const KEPT_ENDINGS = /\.(ended|revoked|expired|orphaned|suspended|raised|voided|quarantined)$/

/**
 * Whether a record may use what is kept for a full disk, and waits longer than a call: outcomes of what is out already, what people
 * do, and what takes authority away. Nothing that an agent could ask for again and again.
 */
export function isKept({ type, phase, person, instance }: RecordDraft): boolean {
  switch (phase) {
    case 'outcome':
      return true
    case 'admin':
      return person !== undefined || instance === undefined
    case 'lifecycle':
      return KEPT_LIFECYCLE.test(type) || KEPT_ENDINGS.test(type)
    default:
      return false
  }
}

/** What a change of the room asks to be recorded. */
export type ReserveNote = Pick<RecordDraft, 'type' | 'body'>

/** The state of the disk as calls meet it. */
export class Reserve {
  #room: SpoolRoom | undefined
  #since: number | undefined
  #refused = new Map<string, number>()

  /** The newest word of the disk. */
  get room(): SpoolRoom | undefined {
    return this.#room
  }

  /** Why calls are refused at this moment; undefined while there is room. */
  get problem(): string | undefined {
    return this.#room?.problem
  }

  /** Throws `audit.suspended` for a record that may not use what is left, and counts it. */
  check(draft: RecordDraft, kept: boolean): void {
    const { problem } = this
    if (problem === undefined || kept) return
    const known = this.#refused.has(draft.type) || this.#refused.size < TYPES_MAX
    const type = known ? draft.type : OTHER
    this.#refused.set(type, (this.#refused.get(type) ?? 0) + 1)
    throw fault(
      'audit.suspended',
      `no calls are taken while the spool's disk is nearly full: ${problem}`,
    )
  }

  /** Takes in what the disk says, and gives the record that this calls for. */
  hear(room: SpoolRoom, now: number): ReserveNote | undefined {
    const before = this.problem
    this.#room = room
    if (before === undefined && room.problem !== undefined) {
      this.#since = now
      this.#refused.clear()
      const body = { reason: room.problem, free_bytes: room.free, left_bytes: room.left }
      return { type: 'audit.suspended', body }
    }
    if (before === undefined || room.problem !== undefined) return undefined
    const since = this.#since ?? now
    const refused: JsonObject = Object.fromEntries(this.#refused)
    const total = [...this.#refused.values()].reduce((sum, count) => sum + count, 0)
    this.#refused.clear()
    const body = { since: rfc3339(since), free_bytes: room.free, total, refused }
    return { type: 'audit.resumed', body }
  }
}
