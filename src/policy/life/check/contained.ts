// Holds the check for policies that another one makes needless: the same effect, a wider scope, no further condition.

import type { Absent, Policy } from '../../policy.ts'
import type { Analysis, Examined, Finding } from '../examined.ts'
import { coversPrincipals, holds } from '../cover.ts'

/** Policies inside wider ones. */
export function checkContained({ policies }: Analysis): Finding[] {
  // Sorting by reach first would hide equal pairs; sets are small enough to compare, and very large ones are grouped by effect.
  const kinds = { permit: [] as Examined[], forbid: [] as Examined[] }
  for (const one of policies) if (one.actions.size > 0) kinds[one.policy.effect].push(one)
  return [...kinds.permit, ...kinds.forbid].flatMap((narrow): Finding[] => {
    const peers = kinds[narrow.policy.effect]
    const wide = peers.find((other) => other !== narrow && contains(other, narrow, peers))
    if (wide === undefined) return []
    const { policy } = narrow
    return [
      {
        policy,
        code: 'policy.redundant',
        message: `\`${policy.id}\` changes nothing: \`${wide.policy.id}\` ${policy.effect}s all of it already`,
        help: 'delete one of the two',
      },
    ]
  })
}

function contains(wide: Examined, narrow: Examined, peers: readonly Examined[]): boolean {
  const inside = (a: Examined, b: Examined): boolean =>
    a.actions.size >= b.actions.size &&
    a.conditions.every((condition) => b.conditions.includes(condition)) &&
    standsIn(a.policy, b.policy) &&
    coversPrincipals(a.principals, b.principals) &&
    holds(a.actions, b.actions)
  if (!inside(wide, narrow)) return false
  // Of two that say the same, the later one is needless.
  return !inside(narrow, wide) || peers.indexOf(wide) < peers.indexOf(narrow)
}

/** Whether the one counts wherever the other does. */
function standsIn(wide: Policy, narrow: Policy): boolean {
  if (wide.effect === 'forbid') return wide.gate === undefined || wide.gate === narrow.gate
  const without: readonly Absent[] = narrow.without ?? []
  // What it asks of answers is asked of nothing else: it changes something even where another permits the same calls.
  const asks = JSON.stringify(narrow.obligations) === JSON.stringify(wide.obligations)
  return (
    (narrow.obligations === undefined || asks) &&
    without.every((one) => wide.without?.includes(one) === true) &&
    (narrow.crosses === undefined || wide.crosses !== undefined)
  )
}
