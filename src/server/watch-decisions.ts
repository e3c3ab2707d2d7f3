// Holds what follows where the library decides otherwise than we do: it decides from then on, and people are told.

import type { Authority } from '../authority/open.ts'
import type { Ground, Machine } from './ground.ts'
import type { LivePolicy } from './live-policy.ts'
import { SecondOpinion } from './second-opinion.ts'

/** Has a sample of decisions compared. The answer ends that. */
export function watchDecisions(of: {
  readonly policy: LivePolicy
  readonly authority: Pick<Authority, 'findings'>
  readonly machine: Machine
  readonly note: Ground['note']
  readonly onTrouble: Ground['onTrouble']
}): () => void {
  const { authority, machine, note, onTrouble, policy } = of
  const opinion = new SecondOpinion(machine.timer, (set, disagreement) => {
    policy.doubt(set)
    const { policySet, system, action, ours, library } = disagreement
    note('the library decides otherwise', { policySet, system, action, ours, library })
    authority.findings
      .raise({
        rule: 'decision-differs',
        severity: 'high',
        summary: `the Cedar library decides otherwise than the compiled policies about ${system}/${action}: the library decides until another set is applied`,
        facts: { policy_set: policySet, system, action },
        at: machine.clock.now(),
      })
      .catch(onTrouble)
  })
  policy.watch(opinion)
  return () => opinion.close()
}
