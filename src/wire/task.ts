// Holds what a task is to a decision: stated intent and a scope that can only narrow.

/** One line of a task's scope: what may be called for it, and under which condition on the arguments. */
export interface TaskPermit {
  /** `<system>/<action>`, `<system>/*` or `*`, as scopes of delegations are written. */
  readonly action: string
  /** A Cedar expression over `context`, e.g. `context.input.amount_cents <= 10000`; absent: any arguments. */
  readonly when?: string
}

/** What a task may use up altogether; what is absent is not bounded. Integers. */
export interface TaskBudget {
  readonly calls?: number
  /** Calls of actions with another effect than `read`. */
  readonly writes?: number
  /** In the minor unit of whatever the actions' money measures are in (cents). */
  readonly money?: number
  /** Bytes of arguments. */
  readonly bytes?: number
  /** Minutes since its first call. */
  readonly minutes?: number
}

/** A task as an actor carries it and as policy sees it: a party of its own. History: v1. */
export interface TaskFacts {
  /** UUIDv7. */
  readonly id: string
  /** The stated intent, one line. */
  readonly intent: string
  /** Person id of who asked for it and signed it. */
  readonly person: string
  readonly scope: readonly TaskPermit[]
  readonly budget: TaskBudget
  /** ms since the epoch. */
  readonly endsAt: number
  /** `sha256:…` over the canonical JSON of the scope: equal scopes share one compiled form. */
  readonly scopeDigest: string
  /** Id of the person's key that signed the request for it; absent: it was asked for in a browser. No part of any decision. */
  readonly signedBy?: string
}
