// Holds the rule that a refresh token counts once.

import type { Rule } from '../rule.ts'

/** RFC 9700 §4.14.2: of the two who hold it one has stolen it, and nobody can tell which. */
export function refreshReuse(): Rule {
  return {
    name: 'refresh-reuse',
    judge(seen) {
      if (seen.kind !== 'refresh-reused') return undefined
      return {
        rule: 'refresh-reuse',
        severity: 'critical',
        summary: 'a refresh token was used a second time',
        agent: seen.agent,
        instance: seen.instance,
        facts: { place: seen.place },
      }
    },
  }
}
