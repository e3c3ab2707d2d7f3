// Holds what an agent's lineage has done, as policy sees it: counts, sums and labels over fixed windows, derived by the server from records.

/** Counts over the last minute, hour and day, ending now. Never rounded: each is an exact integer below 2^53. */
export interface Windows {
  readonly minute: number
  readonly hour: number
  readonly day: number
}

/**
 * The history of a lineage: the agent at the head of a chain for one person (or unattended), with all of its instances,
 * re-enrolments and sub-agents (INV-11). The call that is being decided is not part of it; calls whose intent is recorded are,
 * whether they have ended or not. History: v1.
 */
export interface HistoryFacts {
  /** Calls whose intent was recorded. */
  readonly calls: Windows
  /** Those of them whose action has another effect than `read`. */
  readonly writes: Windows
  /** Calls of the very action that is asked about. */
  readonly same: Windows
  /** Calls that were refused. */
  readonly denials: Windows
  /** Calls that failed at the system. */
  readonly errors: Windows
  /** Money of the calls, by the action's measure, in its minor unit (cents). */
  readonly money: Windows
  /** Bytes of arguments that went out to systems. */
  readonly bytes: Windows
  /** Distinct recipients, by the actions' measures. */
  readonly recipients: Windows
  /** Actions that were called within the day: `<system>/<action>`, sorted. */
  readonly actions: readonly string[]
  /** Data labels that the lineage has taken up and that are in force, sorted. */
  readonly labels: readonly string[]
}
