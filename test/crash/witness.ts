// Holds what the callers saw: everything that was acknowledged to anybody, to be found again after the crash.

/** A person's lock as it was acknowledged last. */
export type LockState = 'added' | 'removed' | 'unsure'

/** What the outside world knows. Only acknowledged things are written here. */
export class Witness {
  /** Ids of calls that were answered with their result. */
  readonly answered: string[] = []
  /** Governed calls that were refused, by the id in the refusal. */
  readonly refused: string[] = []
  /** Ids of gated calls that nobody has a final answer for. */
  readonly open = new Set<string>()
  /** Approvals that a person was told they had given. */
  readonly approved: string[] = []
  /** Instances that were given their identity. */
  readonly enrolled: string[] = []
  /** The lock that comes and goes. */
  lock: { readonly id: string; readonly state: LockState } | undefined
}
