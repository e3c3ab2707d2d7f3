// Holds the rule that a DPoP proof counts once.

import type { Rule } from '../rule.ts'

/** RFC 9449 §11.1: a proof counts once, so somebody has recorded and repeated a request. */
export function dpopReplay(): Rule {
  return {
    name: 'dpop-replay',
    judge(seen) {
      if (seen.kind !== 'dpop-replayed') return undefined
      return {
        rule: 'dpop-replay',
        severity: 'critical',
        summary: 'a DPoP proof was used a second time',
        agent: seen.agent,
        instance: seen.instance,
        facts: { place: seen.place },
      }
    },
  }
}
