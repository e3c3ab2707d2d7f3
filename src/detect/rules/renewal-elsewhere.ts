// Holds the rule that an instance renews from where it was enrolled or last renewed.

import { Recent } from '../recent.ts'
import type { Rule } from '../rule.ts'

const BOUND = 100_000

/** A thief who wants to stay has to renew; a laptop that moved does it too, so a person judges. */
export function renewalElsewhere(): Rule {
  const home = new Recent<string>(BOUND)
  return {
    name: 'renewal-from-elsewhere',
    judge(seen) {
      if (seen.kind === 'enrolled') home.set(seen.instance, seen.place)
      if (seen.kind !== 'renewed') return undefined
      const before = home.get(seen.instance)
      home.set(seen.instance, seen.place)
      if (before === undefined || before === seen.place) return undefined
      return {
        rule: 'renewal-from-elsewhere',
        severity: 'medium',
        summary: 'an instance renewed from another place than before',
        agent: seen.agent,
        instance: seen.instance,
        facts: { place: seen.place, before },
      }
    },
  }
}
