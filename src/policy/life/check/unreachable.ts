// Holds the check for policies that speak of nothing: no pinned action, or no principal, is in their scope.

import type { Analysis, Finding } from '../examined.ts'
import { typesOf } from '../cover.ts'

/** Policies that can never apply. */
export function checkUnreachable({ policies }: Analysis): Finding[] {
  return policies.flatMap(({ policy, actions, principals }): Finding[] => {
    if (actions.size === 0) {
      return [
        {
          policy,
          code: 'policy.unreachable',
          message: `\`${policy.id}\` speaks of no pinned action`,
          help: 'name an action, a system or an effect that something pinned has',
        },
      ]
    }
    const types = typesOf(principals)
    if (types.length === 0) {
      return [
        {
          policy,
          code: 'policy.unreachable',
          message: `\`${policy.id}\` speaks of nobody: no principal is of that type`,
        },
      ]
    }
    if (policy.effect === 'permit' && types.every((type) => type === 'Task')) {
      return [
        {
          policy,
          code: 'policy.unreachable',
          message: `\`${policy.id}\` permits tasks, which nothing but their own scope can`,
          help: 'widen the scope of the task, or forbid instead',
        },
      ]
    }
    return []
  })
}
