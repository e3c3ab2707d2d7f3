// Holds what a call uses up, and what becomes of the attempt to take it: reserved before the intent, or refused.

/**
 * What a call would use up, measured from its arguments before it is decided whether there is enough left. The intent record carries
 * it as `reserved`, so that whoever replays the log comes to the same counts. History: v1.
 */
export interface Measured {
  /** True for an action with another effect than `read`; one without labels has every effect. */
  readonly writes: boolean
  /** In the minor unit of a currency; absent: the action has no measure of money. */
  readonly money?: number
  /** Bytes of the arguments as canonical JSON in UTF-8. */
  readonly bytes: number
  /** Commitments to distinct recipients, at most `MAX_RECIPIENTS`. */
  readonly recipients: readonly string[]
  /** Distinct recipients beyond those. */
  readonly more: number
  /** Data labels of what the action returns: taken up as soon as it is called. */
  readonly labels: readonly string[]
  /** Commitment to the arguments: equal for equal arguments. */
  readonly arguments: string
  /** True for an action that may spend money and has no measure that says how much. */
  readonly unmeasured: boolean
}

/** Recipients of one call that are told apart; what is beyond is counted, and counts as new each time. */
export const MAX_RECIPIENTS = 64

/** Codes of a refusal because something is used up. */
export type SpentCode =
  | 'reserve.rate_limited'
  | 'reserve.concurrency'
  | 'reserve.budget_spent'
  | 'reserve.bad_measure'
  | 'reserve.breaker'

/** Why there is not enough left for a call. */
export interface Spent {
  readonly spent: true
  readonly code: SpentCode
  /** Lower case, one sentence, safe for the agent. */
  readonly detail: string
  /** When there will be enough again (ms from now); absent: waiting does not help. */
  readonly retryMs?: number
  /** What the operator sees besides, in the record. */
  readonly because?: string
}

/** What was taken for a call. */
export interface Reservation {
  /** The intent could not be recorded: nothing will come of the call, and what it took is there again. */
  giveBack(): void
  /** The call is over, however: it no longer counts as one that runs. What it used up stays used up. */
  end(): void
}
