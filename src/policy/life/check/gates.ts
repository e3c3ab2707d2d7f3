// Holds the check for gates that nobody can open: no person holds the role.

import { gateRule } from '../../../wire/gate.ts'
import { nearest } from '../../problem.ts'
import type { Analysis, Finding } from '../examined.ts'

/** Gates without enough approvers, as far as that can be told: a role that nobody holds is one that a typo made. */
export function checkGates({ policies, registered }: Analysis): Finding[] {
  if (registered === undefined) return []
  const held = [...new Set(registered.people.flatMap(({ roles }) => roles))]
  return policies.flatMap(({ policy }): Finding[] => {
    const { gate } = policy
    if (gate === undefined) return []
    const { check, count, who } = gateRule(gate)
    if (check !== undefined) return []
    const roles = who.flatMap((one) => (one.kind === 'role' ? [one.name] : []))
    // Teams, owners and users are known when a call waits.
    if (roles.length < who.length) return []
    const able = registered.people.filter((person) =>
      roles.some((role) => person.roles.includes(role)),
    )
    if (able.length >= count) return []
    const offset = Math.max(0, policy.text.search(/@\s*gate\b/))
    const code = 'policy.no_approver' as const
    const quoted = roles.map((role) => `\`${role}\``).join(' or ')
    if (able.length > 0) {
      const message = `nobody can open \`@gate("${gate}")\`: it asks ${count} people, and ${able.length} hold ${quoted}`
      return [{ policy, offset, code, message, help: 'give the role to more people, or ask fewer' }]
    }
    const near = nearest(roles[0] ?? '', held)
    return [
      {
        policy,
        offset,
        code,
        message: `nobody can approve at \`@gate("${gate}")\`: no person holds the role ${quoted}`,
        help:
          near === undefined
            ? `give it to somebody: bailiwick person role add NAME ${roles[0]} --reason …`
            : `did you mean \`${near}\`?`,
      },
    ]
  })
}
