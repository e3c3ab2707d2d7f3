// Holds the rule that one instance runs in one place at a time, whatever credentials it has.

import { Recent } from '../recent.ts'
import type { Rule } from '../rule.ts'

/** As for one credential (ms). */
const WINDOW_MS = 60_000
const BOUND = 100_000

/** An instance is one running copy: two of its credentials in two places at once means that it was copied. */
export function impossibleConcurrency(): Rule {
  const last = new Recent<{ credential: string; place: string; at: number }>(BOUND)
  return {
    name: 'impossible-concurrency',
    judge(seen) {
      if (seen.kind !== 'credential-used') return undefined
      const before = last.get(seen.instance)
      if (before?.place === seen.place) {
        before.credential = seen.credential
        before.at = seen.at
        return undefined
      }
      const { credential, place, at } = seen
      last.set(seen.instance, { credential, place, at })
      // The same credential in two places is the other rule's.
      if (before === undefined || before.credential === credential) return undefined
      if (at - before.at > WINDOW_MS) return undefined
      return {
        rule: 'impossible-concurrency',
        severity: 'high',
        summary: 'one instance was in two places at the same time, with two credentials',
        agent: seen.agent,
        instance: seen.instance,
        facts: { place, otherPlace: before.place, msApart: at - before.at },
      }
    },
  }
}
