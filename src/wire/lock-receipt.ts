// Holds what a gateway says it did for a lock. History: v1.

/** A kind of document that others verify by themselves. */
export interface LockOutside {
  readonly what: 'x509-svid' | 'jwt-svid' | 'access-token'
  /** RFC 3339: the latest end of any that may have been issued. */
  readonly until: string
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
  /** Leaf hash of the record, base64url. */
  readonly leaf: string
}
