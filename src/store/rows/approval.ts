// Holds the row of an approval: one held call, who may lift which gate, and how it ended.

import type { Gate } from '../../wire/decision.ts'
import type { PresenceProof } from '../../wire/presence.ts'
import type { TableShape } from '../table.ts'

/** Where a held call stands. `pending` and `approved` are open; the others are final. */
export type ApprovalState = 'pending' | 'approved' | 'denied' | 'expired' | 'void' | 'consumed'

/** That one person agrees to set a gate aside for this call. A gate may want more than one. */
export interface Agreement {
  /** `@id` of the policy that is set aside. */
  readonly policy: string
  /** Person id. */
  readonly person: string
  readonly reason: string
  /** ms since the epoch. */
  readonly at: number
  /** How long before they were first shown the call (ms); null: they were not. Absent in rows of before that was noted. */
  readonly readMs?: number | null
  /** What their passkey signed, where the gate asks for their presence. */
  readonly presence?: PresenceProof
  /** Present where they agree for the whole task: the terms, sealed for this approval, base64url, and what the record has of them. */
  readonly task?: { readonly sealed: string; readonly terms: string }
}

/** That one person passed a request on: from then on only whom they named agrees at that gate. */
export interface Escalation {
  /** `@id` of the policy whose gate it is. */
  readonly policy: string
  /** Whom the gate names, as it names them. */
  readonly to: string
  /** Person id. */
  readonly person: string
  readonly reason: string
  /** ms since the epoch. */
  readonly at: number
}

/** A held call, bound to exactly what was asked (INV-6). */
export interface Approval {
  /** UUIDv7. */
  readonly id: string
  readonly state: ApprovalState
  /** Digest of actor, delegation, action, arguments and definition. */
  readonly callDigest: string
  /** Id of the governed call that asked first. */
  readonly call: string
  readonly instance: string
  readonly agent: string
  readonly spiffeId: string
  /** Person id of the agent's owner. */
  readonly owner: string
  readonly delegation?: { readonly id: string; readonly person: string }
  /** The task that it is for, with its intent as it was then; absent: none. */
  readonly task?: { readonly id: string; readonly intent: string }
  /** Who passed authority on, the highest first; absent: nobody did. */
  readonly chain?: readonly {
    readonly delegation: string
    readonly instance: string
    readonly agent: string
    /** Person id of that agent's owner. */
    readonly owner: string
  }[]
  /** Set where the caller's credential is bound to no key (INV-8). */
  readonly binding?: 'none'
  readonly system: string
  readonly action: string
  /** Effect labels of the action, for people. */
  readonly effects: readonly string[]
  /** Whose key the arguments are sealed under; absent in rows from before there were subjects: the encryption key. */
  readonly subject?: string
  /** Arguments, sealed for this approval's id, base64url; emptied when the approval is final. */
  readonly sealed: string
  readonly gates: readonly Gate[]
  /** Why the call is held, for people. */
  readonly reason: string
  /** Digest of the action's pinned definition. */
  readonly definition: string
  /** Digest of the policy set that decided. */
  readonly policySet: string
  /** Person ids that policy keeps from approving this call. */
  readonly excluded: readonly string[]
  /**
   * Present where an agent asks ahead, for calls that it has not made: how often and how long, and sealed for this approval, base64url, the
   * bounds and its words. It runs no call: agreeing gives amendments of the task.
   */
  readonly ahead?: {
    readonly count: number
    readonly forMs: number
    readonly sealed: string
    /** What the record has of the terms. */
    readonly terms: string
  }
  readonly agreements: readonly Agreement[]
  /** Absent: nobody passed it on. */
  readonly escalations?: readonly Escalation[]
  /** How it ended: who (a person id, where it was a person), and in which words. */
  readonly ended?: { readonly person?: string; readonly reason: string; readonly at: number }
  /** ms since the epoch. */
  readonly requestedAt: number
  /** ms since the epoch. */
  readonly expiresAt: number
  /** The end that it had at first, where passing it on gave it another. */
  readonly firstExpiresAt?: number
}

/** True while the approval can still let its call run. */
export function isOpen(approval: Approval): boolean {
  return approval.state === 'pending' || approval.state === 'approved'
}

/** Table `approvals`. Open ones are on the roll, so that one that was used up cannot be put back by hand. */
export const APPROVALS: TableShape<Approval> = {
  table: 'approvals',
  id: (approval) => approval.id,
  columns: (approval) => ({
    state: approval.state,
    instance: approval.instance,
    agent: approval.agent,
    requested_at: approval.requestedAt,
    expires_at: approval.expiresAt,
  }),
  roll: { column: 'state', values: ['pending', 'approved'] },
}
