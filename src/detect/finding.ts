// Holds the finding as a rule makes it, before anybody stored it or answered it.

/** What a rule concluded. */
export interface Finding {
  /** Name of the rule: a stable word. */
  readonly rule: string
  readonly severity: 'low' | 'medium' | 'high' | 'critical'
  /** One sentence, lower case, for people. */
  readonly summary: string
  readonly agent: string
  readonly instance: string
  /** Ids, counts, places and times; never a secret. */
  readonly facts: Readonly<Record<string, string | number>>
}
