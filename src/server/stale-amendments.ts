// Holds what ends approvals for a task once policies or definitions are others than those that persons agreed under (INV-6).

import type { Authority } from '../authority/open.ts'
import type { LivePolicy } from './live-policy.ts'

/** Ends them now, and whenever a policy set is put in force or a system is pinned. The answer stops that. */
export function endStaleAmendments(of: {
  readonly authority: Pick<Authority, 'amendments' | 'systems'>
  readonly policy: LivePolicy
  readonly onTrouble: (error: unknown) => void
}): () => void {
  const { authority, onTrouble, policy } = of
  const look = (): void => {
    const definitionOf = (system: string, action: string): string | undefined =>
      authority.systems.get(system)?.actions.find(({ name }) => name === action)?.digest
    const now = { policySet: policy.set.digest, definitionOf }
    authority.amendments.voidStale(now).catch(onTrouble)
  }
  const stops = [policy.onPut(look), authority.systems.onChange(look)]
  look()
  return () => stops.forEach((stop) => stop())
}
