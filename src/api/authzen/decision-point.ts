// Holds what the decision API needs of the gateway: the same spine, without execution.

import type { JsonObject } from '../../std/json.ts'
import type { Grants, ToldOutcome, Granted } from '../../authority/enforcers/grants.ts'
import type { Enforcer } from '../../authority/enforcers/enforcers.ts'

/** A question of an enforcer that was read. */
export interface Question {
  readonly enforcer: Enforcer
  /** Instance id. */
  readonly instance: string
  /** Where it was named by its SPIFFE ID. */
  readonly spiffeId?: string
  /** Id of the task that the agent named. */
  readonly task?: string
  readonly system: string
  readonly action: string
  readonly input: JsonObject
}

/** What became of it. */
export type Considered =
  | {
      readonly kind: 'permitted'
      readonly call: string
      readonly grant: ReturnType<Grants['issue']>
    }
  | {
      readonly kind: 'denied'
      readonly call: string
      readonly code: string
      /** Safe for the agent. */
      readonly detail: string
      readonly next: string
      /** For operators. */
      readonly because?: string
      readonly retryAfterMs?: number
    }
  | {
      readonly kind: 'held'
      readonly call: string
      readonly approval: { readonly id: string; readonly url: string; readonly expiresAt: number }
      readonly reason: string
    }

/** A question of an operator: who could do what, with any arguments or with these. */
export interface Sought {
  /** Instance id. */
  readonly instance: string
  /** Where it was named by its SPIFFE ID. */
  readonly spiffeId?: string
  readonly system: string
  readonly action: string
  readonly input?: JsonObject
}

/** The decision point behind the AuthZEN surface. */
export interface DecisionPoint {
  /** Its identifier: the URL that assertions have to name. */
  url(): string
  /** Decides, and makes durable that it may be done (INV-1). Never throws for what is asked. */
  consider(question: Question): Promise<Considered>
  /** Burns a grant. Throws `grant.*`. */
  burn(grant: string, enforcer: Enforcer): Promise<Granted>
  /** Writes what became of a call. Throws `grant.*`. */
  outcome(
    grant: string,
    enforcer: Enforcer,
    told: { readonly status: ToldOutcome; readonly durationMs?: number },
  ): Promise<Granted>
  /** Whether the gateway's decision could be, or with these arguments would be, `allow`. Nothing is recorded or used up. */
  could(sought: Sought): boolean
}
