// Holds the rules of agreeing: who may lift which gate of a held call, and when all are lifted.

import { faults, type Fault } from '../../std/fault.ts'
import type { Agreement, Approval } from '../../store/rows/approval.ts'
import type { Person } from '../../store/rows/person.ts'
import type { Gate } from '../../wire/decision.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'

const fault = faults(AUTHORITY_FAULTS)

/** Gates that nobody has agreed to yet. */
export function openGates(approval: Approval): readonly Gate[] {
  return approval.gates.filter(
    (gate) => !approval.agreements.some((agreement) => agreement.policy === gate.policy),
  )
}

/** Why this person may not decide about this call at all; undefined when they may. Only the gates' own roles count. */
export function refusal(approval: Approval, person: Person): Fault | undefined {
  if (approval.state !== 'pending') {
    return fault('approval.closed', `this approval is ${approval.state} already`)
  }
  if (!approval.gates.some((gate) => person.roles.includes(gate.name))) {
    const roles = [...new Set(approval.gates.map((gate) => `\`${gate.name}\``))].join(' or ')
    return fault('approval.role', `only who holds the role ${roles} may decide about this call`)
  }
  if (approval.excluded.includes(person.id)) {
    return fault('approval.separated', 'policy keeps this person from deciding about this call')
  }
  return undefined
}

/** The agreements that this person adds: one per open gate whose role they hold. Throws when there is none left for them. */
export function agree(
  approval: Approval,
  person: Person,
  reason: string,
  at: number,
): readonly Agreement[] {
  const added = openGates(approval)
    .filter((gate) => person.roles.includes(gate.name))
    .map((gate) => ({ policy: gate.policy, person: person.id, reason, at }))
  if (added.length > 0) return added
  throw fault('approval.agreed', 'every gate that this person can lift has been agreed already')
}
