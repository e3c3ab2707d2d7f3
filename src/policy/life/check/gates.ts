// Holds the check for gates that nobody can open: no person holds the role.

import { nearest } from '../../problem.ts'
import type { Analysis, Finding } from '../examined.ts'

/** Gates without an approver. */
export function checkGates({ policies, registered }: Analysis): Finding[] {
  if (registered === undefined) return []
  const held = [...new Set(registered.people.flatMap(({ roles }) => roles))]
  return policies.flatMap(({ policy }): Finding[] => {
    const { gate } = policy
    if (gate === undefined || held.includes(gate)) return []
    const near = nearest(gate, held)
    return [
      {
        policy,
        offset: Math.max(0, policy.text.search(/@\s*gate\b/)),
        code: 'policy.no_approver',
        message: `nobody can approve at \`@gate("${gate}")\`: no person holds the role \`${gate}\``,
        help:
          near === undefined
            ? `give it to somebody: bailiwick person role add NAME ${gate} --reason …`
            : `did you mean \`${near}\`?`,
      },
    ]
  })
}
