// Holds how a call can end.

/** Statuses of an outcome record. `unknown` is written by recovery, for an intent that a crash left open, and here. */
export type OutcomeStatus =
  | 'ok'
  | 'tool_error'
  | 'upstream_error'
  | 'withheld'
  | 'not_executed'
  | 'cut'
  | 'cancelled'
  | 'unknown'
