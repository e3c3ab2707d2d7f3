// Holds which held calls are alike: people are asked about each, and shown how many there are.

import type { Approval } from '../../store/rows/approval.ts'

/** How many others of `all` wait for the same. */
export function alike(approval: Approval, all: readonly Approval[]): number {
  const group = groupOf(approval)
  return all.filter(
    (one) => one.id !== approval.id && one.state === 'pending' && groupOf(one) === group,
  ).length
}

function groupOf({ agent, system, action, gates }: Approval): string {
  return [agent, system, action, ...gates.map(({ policy }) => policy)].join('\n')
}
