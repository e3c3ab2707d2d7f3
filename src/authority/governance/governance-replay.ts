// Holds the replay of governance: a change that is over by the log stays so, and a rule that was set stays set (INV-13).

import type { JsonObject } from '../../std/json.ts'
import type { GovernanceChange, GovernanceRule } from '../../store/rows/governance.ts'
import { forgotten } from './said.ts'

/** Types of the records that end a change. */
export const GOVERNANCE_ENDS = [
  'governance.applied',
  'governance.refused',
  'governance.withdrawn',
  'governance.expired',
  'governance.failed',
] as const

/** The change as ended, by the state that its record names; undefined where it has already. */
export function changeKept(
  change: GovernanceChange,
  type: string,
  { reason }: JsonObject,
  at: number,
): GovernanceChange | undefined {
  if (change.state !== 'open' && change.state !== 'agreed') return undefined
  const state = type.slice(type.indexOf('.') + 1) as 'applied' | 'refused'
  const ended = { person: '', reason: typeof reason === 'string' ? reason : '', at }
  return { ...change, what: forgotten(change.what), state, ended }
}

/** The rule as far as the log's newest word on it is stricter; undefined where it is not. */
export function ruleKept(
  rule: Pick<GovernanceRule, 'changes' | 'policies'>,
  { changes, policies }: JsonObject,
): Pick<GovernanceRule, 'changes' | 'policies'> | undefined {
  const kept = {
    changes: changes === 'on' ? 'on' : rule.changes,
    policies: policies === 'on' ? 'on' : rule.policies,
  } as const
  return kept.changes === rule.changes && kept.policies === rule.policies ? undefined : kept
}
