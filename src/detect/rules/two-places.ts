// Holds the rule that one credential is used from one place at a time.

import { Recent } from '../recent.ts'
import type { Rule } from '../rule.ts'

/** Uses from two places within this time overlap; a machine that moved to another network is slower (ms). */
const WINDOW_MS = 60_000
const BOUND = 100_000

/** A key that is born at its holder is in one place: a second one has a copy, or stands in between. */
export function twoPlaces(): Rule {
  const last = new Recent<{ place: string; at: number }>(BOUND)
  return {
    name: 'credential-in-two-places',
    judge(seen) {
      if (seen.kind !== 'credential-used') return undefined
      const before = last.get(seen.credential)
      if (before === undefined) last.set(seen.credential, { place: seen.place, at: seen.at })
      if (before === undefined || before.place === seen.place) {
        // The common case costs two look-ups and no allocation.
        if (before !== undefined) before.at = seen.at
        return undefined
      }
      last.set(seen.credential, { place: seen.place, at: seen.at })
      if (seen.at - before.at > WINDOW_MS) return undefined
      return {
        rule: 'credential-in-two-places',
        severity: 'high',
        summary: 'one credential was used from two places at the same time',
        agent: seen.agent,
        instance: seen.instance,
        facts: {
          credential: seen.credential,
          place: seen.place,
          otherPlace: before.place,
          msApart: seen.at - before.at,
        },
      }
    },
  }
}
