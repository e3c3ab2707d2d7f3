// Holds what determined a decision: the policies of the parties that made it what it is.

import type { Decision } from '../../wire/decision.ts'

/** Ids of the policies that determined the answer, sorted: of those who deny, hold, or (where nobody does) allow. */
export function determinedBy({ answer, parties }: Decision): string[] {
  const speaking = parties.filter((party) => party.answer === answer)
  const ids = speaking.flatMap(({ policies, errors }) => [
    ...policies.map(({ id }) => id),
    ...errors.filter(({ effect }) => effect === 'forbid').map(({ id }) => id),
  ])
  return [...new Set(ids)].sort()
}
