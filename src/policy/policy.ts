// Holds one policy as it was read: its text, its place, and the annotations that carry obligations.

import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import type { Obligations } from '../wire/obligation.ts'

/** A party that may be absent from a call: the person on whose behalf, the task it is for. */
export type Absent = 'user' | 'task'

/** A policy of a set. */
export interface Policy {
  /** `@id`, unique in the set; also the id by which the library knows it. */
  readonly id: string
  readonly effect: 'permit' | 'forbid'
  /** `@reason`: said to the agent and to people. */
  readonly reason?: string
  /** `@gate`: who may set this forbid aside for one call, as the policy says it. */
  readonly gate?: string
  /** `@crosses`: the permit counts where agent and system are of different environments. */
  readonly crosses?: 'environment'
  /** `@without`: the permit counts for an agent that acts without these (INV-4). */
  readonly without?: readonly Absent[]
  /** `@enforce`: observe mode never sets this forbid aside. */
  readonly enforce?: true
  /** `@advice`: told to the agent that is denied because this forbid holds, or because this permit does not. */
  readonly advice?: string
  /** `@find`, `@redact`, `@refuse`, `@links`, `@max_bytes`, `@label`: what the permit asks for of the answer. */
  readonly obligations?: Obligations
  readonly file: string
  /** Line of its first character, from 1. */
  readonly line: number
  /** Column of its first character, from 1, in characters; absent: 1. */
  readonly column?: number
  /** Cedar text, exactly as written. */
  readonly text: string
  /**
   * The library's JSON form. INVARIANT: integers in it may be rounded, so nothing is decided from its conditions; scope
   * and entity names are exact.
   */
  readonly json: PolicyJson
}
