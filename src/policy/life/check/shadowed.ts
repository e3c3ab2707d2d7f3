// Holds the check for permits that can never count, because forbids without conditions cover every action of theirs.

import type { Analysis, Examined, Finding } from '../examined.ts'
import { coversPrincipals } from '../cover.ts'

/** Permits, and gated forbids, behind forbids that hold whatever the arguments are. */
export function checkShadowed({ policies }: Analysis): Finding[] {
  const walls = policies.filter(
    ({ policy, parts }) =>
      policy.effect === 'forbid' && policy.gate === undefined && parts.clauses.length === 0,
  )
  return policies.flatMap((one): Finding[] => {
    const { policy, actions } = one
    if (actions.size === 0 || (policy.effect === 'forbid' && policy.gate === undefined)) return []
    const before = walls.filter((wall) => coversPrincipals(wall.principals, one.principals))
    const used = hiding(before, actions)
    if (used === undefined) return []
    const names = used.map(({ policy: wall }) => `\`${wall.id}\``).join(', ')
    const what = policy.effect === 'permit' ? 'permits nothing' : 'is never asked'
    return [
      {
        policy,
        code: 'policy.shadowed',
        message: `\`${policy.id}\` ${what}: ${names} forbids all of it, whatever the arguments are`,
        help: 'give the forbid a condition or a narrower scope, or delete this policy',
      },
    ]
  })
}

/** The walls that together cover every action; undefined where one is left. */
function hiding(walls: readonly Examined[], actions: ReadonlySet<string>): Examined[] | undefined {
  const left = new Set(actions)
  const used: Examined[] = []
  for (const wall of walls) {
    const before = left.size
    for (const id of wall.actions) left.delete(id)
    if (left.size < before) used.push(wall)
    if (left.size === 0) return used
  }
  return undefined
}
