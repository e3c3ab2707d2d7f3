// Holds what a gateway says it did for a lock. History: v1; `upstream` added.

/** A kind of document that others verify by themselves. */
export interface LockOutside {
  readonly what: 'x509-svid' | 'jwt-svid' | 'access-token'
  /** RFC 3339: the latest end of any that may have been issued. */
  readonly until: string
}

/** A token of a system that was to be taken back there for a lock. */
export interface LockUpstream {
  readonly system: string
  /** `user:` and a person id, for what they consented to; `token`, for what was minted for calls, of one user where one is named. */
  readonly credential: string
  /** `unsupported`: the system takes nothing back; `unanswered`: not within three seconds. */
  readonly outcome: 'revoked' | 'refused' | 'unsupported' | 'unanswered'
  /** RFC 3339: until when it stays valid there; null where it was revoked, or nobody said. */
  readonly until: string | null
}

/** What one gateway did. The record `lock.enforced` says the same: its proof is the receipt's. */
export interface LockReceipt {
  /** Name of the gateway. */
  readonly gateway: string
  /** RFC 3339. */
  readonly in_force_at: string
  /** Calls that were cut, and programs that were ended. */
  readonly calls: number
  readonly processes: number
  /** Held calls whose approvals are void. */
  readonly approvals: number
  /** Live instances that may do nothing any more. */
  readonly instances: number
  /** What we cannot take back: it opens nothing here, and elsewhere until it ends. */
  readonly outside: readonly LockOutside[]
  /** What of systems was taken back there, or could not be. */
  readonly upstream: readonly LockUpstream[]
  /** Leaf hash of the record, base64url. */
  readonly leaf: string
}
