// Holds how a change of policies is shown: what it adds, removes and changes, or every line that is wrong.

import type { PolicyApplied } from '../../wire/api/policy.ts'
import type { PolicyChange } from '../ports.ts'
import { DetailedFault } from '../problem.ts'

/** The change as it is answered. Throws `policy.invalid` with the places where there is none. */
export function shownChange(change: PolicyChange): PolicyApplied {
  if (!change.ok) throw DetailedFault.policies(change.problems)
  const { digest, applied, added, removed, changed, warnings, proposal } = change
  return {
    digest,
    applied,
    added: [...added],
    removed: [...removed],
    changed: [...changed],
    warnings: warnings.map((warning) => ({ ...warning })),
    ...(proposal !== undefined && { proposal }),
  }
}
