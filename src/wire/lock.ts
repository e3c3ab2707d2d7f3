// Holds a lock as gateways of control know it. History: v1.

/** What a gateway needs to know of a lock in force. */
export interface LinkLock {
  readonly id: string
  /** As in the row of the lock. */
  readonly kind: string
  readonly name: string
  readonly reason: string
}
