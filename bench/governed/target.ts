// Holds what load is put on: something that takes one call at a time on each of its lanes.

/** One lane: a connection of its own, or a share of one pipe. */
export interface Lane {
  /** Makes the call; resolves with its whole answer, rejects unless that is the result expected. */
  call(): Promise<void>
}

/** Something that answers calls. */
export interface Target {
  readonly lanes: readonly Lane[]
  close(): void
}
