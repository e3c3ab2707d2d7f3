// Holds which satisfied permits count: where a party is absent, or environments differ, only those that say so (INV-4).

import type { DecisionRequest } from '../wire/decision.ts'
import type { Asked, Subject } from './entity.ts'
import type { Absent, Policy } from './policy.ts'
import { crossing } from './question.ts'

/** What a permit has to say to count for a party. */
export interface Demands {
  /** True where the permit has to name the system as its principal: what a system asks is denied unless policy names it (DESIGN §2). */
  readonly system?: true
  /** Parties that are absent; an agent that acts without them needs a permit that names each. */
  readonly without: readonly Absent[]
  /** Where agent and system are of different environments: which. */
  readonly environments?: NonNullable<DecisionRequest['environments']>
}

const NOTHING: Demands = { without: [] }

/** Parties that are not there. */
export function absentOf({ person, task }: Pick<Subject, 'person' | 'task'>): readonly Absent[] {
  if (person !== undefined) return task === undefined ? ['task'] : []
  return task === undefined ? ['user', 'task'] : ['user']
}

/**
 * What is demanded of a party's permits. Nobody but agents acts, so it is agents whose permits name who is absent. A task is of no
 * environment: its lines name the systems that they are for.
 */
export function demandsOn(asked: Asked, subject: Subject): Demands {
  if (asked === 'task') return NOTHING
  if (asked === 'system') return { without: [], system: true }
  const { environments } = subject
  return {
    without: asked === 'person' ? [] : absentOf(subject),
    ...(crossing(environments) && { environments }),
  }
}

/** True where a permit names every party that is absent. */
export function namesAbsent({ without }: Demands, permit: Pick<Policy, 'without'>): boolean {
  return without.every((one) => permit.without?.includes(one) === true)
}

/** True where a permit meets every demand. */
export function counts(
  demands: Demands,
  permit: Pick<Policy, 'without' | 'crosses' | 'json'>,
): boolean {
  return (
    (demands.system !== true || namesSystem(permit)) &&
    namesAbsent(demands, permit) &&
    (demands.environments === undefined || permit.crosses === 'environment')
  )
}

/** True where the principal of a permit is a system, said in its scope: one for everybody names no system. */
function namesSystem({ json: { principal } }: Pick<Policy, 'json'>): boolean {
  switch (principal.op) {
    case '==':
    case 'in': {
      if (!('entity' in principal)) return false
      const { entity } = principal
      return ('__entity' in entity ? entity.__entity : entity).type === 'System'
    }
    case 'is':
      return principal.entity_type === 'System'
    case 'All':
      return false
  }
}

/** Absent parties in words: `without a user and without a task`. */
export function absentInWords(absent: readonly Absent[]): string {
  return absent.map((one) => `without a ${one}`).join(' and ')
}

/** That two environments differ, in words. */
export function apart({ agent, system }: NonNullable<DecisionRequest['environments']>): string {
  return `the agent is of the environment \`${agent}\`, the system of \`${system}\``
}
