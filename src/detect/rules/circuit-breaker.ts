// Holds the rule that an agent which is refused, fails or repeats itself too often is stopped before errors compound.

import type { Rule } from '../rule.ts'

/** What happened too often, in words. */
const WORDS = {
  denials: 'calls were refused',
  errors: 'calls failed at their systems',
  identical: 'identical calls were made',
} as const

/** The name of the rule: its finding suspends the agent. */
export const CIRCUIT_BREAKER = 'circuit-breaker'

/** Counting is for whoever sees every call; this only says what it means. */
export function circuitBreaker(): Rule {
  return {
    name: CIRCUIT_BREAKER,
    judge(seen) {
      if (seen.kind !== 'breaker-tripped') return undefined
      const { what, count, most } = seen
      return {
        rule: CIRCUIT_BREAKER,
        severity: 'high',
        summary: `circuit breaker: ${count} ${WORDS[what]} within a minute, and ${most} may`,
        agent: seen.agent,
        instance: seen.instance,
        facts: { what, count, most },
      }
    },
  }
}
