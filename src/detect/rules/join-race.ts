// Holds the rule that a join token counts once.

import type { Rule } from '../rule.ts'

/** Whoever was first may not be who was meant to be. */
export function joinRace(): Rule {
  return {
    name: 'join-race',
    judge(seen) {
      if (seen.kind !== 'join-token-reused') return undefined
      return {
        rule: 'join-race',
        severity: 'critical',
        summary: 'a join token was used a second time',
        agent: seen.agent,
        instance: seen.instance,
        facts: { place: seen.place },
      }
    },
  }
}
