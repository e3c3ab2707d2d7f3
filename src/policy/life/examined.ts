// Holds what the checks of an analysis are given, and what they find.

import type { Policy } from '../policy.ts'
import type { Problem } from '../problem.ts'
import type { PolicySchema } from '../schema.ts'
import type { Parts } from './clause.ts'
import type { Principals } from './cover.ts'
import type { Registered } from './registered.ts'

/** A policy with what analysis needs of it, worked out once. */
export interface Examined {
  readonly policy: Policy
  readonly actions: ReadonlySet<string>
  readonly principals: Principals
  readonly parts: Parts
  /** Its conditions, in an order that does not matter. */
  readonly conditions: readonly string[]
}

/** What a check is given. */
export interface Analysis {
  readonly policies: readonly Examined[]
  readonly schema: PolicySchema
  /** Absent: nobody is known, and nothing is said of people and agents. */
  readonly registered?: Registered
}

/** What a check finds, about one policy; `offset` is where in its text. */
export interface Finding {
  readonly policy: Policy
  readonly offset?: number
  readonly code: Problem['code']
  readonly message: string
  readonly help?: string
}
