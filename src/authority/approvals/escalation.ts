// Holds passing a request on by hand: to somebody whom the gate names anyway, so that nobody may agree who could not have (INV-6).

import { faults } from '../../std/fault.ts'
import type { Approval } from '../../store/rows/approval.ts'
import { passesTo, whoNamed } from '../../wire/gate.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'
import { gateFor, type Approver } from './verdict.ts'

const fault = faults(AUTHORITY_FAULTS)

/** How often one request is passed on. */
const MOST = 4

/** What somebody says who passes a request on. */
export interface EscalationWord {
  /** Person id. */
  readonly person: string
  readonly reason: string
  /** Whom the gate names, as it names them: `cfo`, `team treasury`, `the owner`. */
  readonly to: string
  /** `@id` of the policy whose gate it is; needed where more than one asks them. */
  readonly gate?: string
}

/**
 * The approval as it is passed on. Who passes it on is asked at that gate now; whom they name agrees there alone from then on, with as much
 * time as there was in the beginning. Throws `approval.escalation`, `approval.escalated`, and as `gateFor` does.
 */
export function passedOn(
  approval: Approval,
  approver: Approver,
  { to, gate: named }: Pick<EscalationWord, 'to' | 'gate'>,
  said: { readonly reason: string; readonly now: number },
): { readonly doc: Approval; readonly policy: string } {
  const gate = gateFor(approval, approver, named, said.now)
  const { escalations = [] } = approval
  if (whoNamed(gate.name, to) === undefined) {
    const names = passesTo(gate.name).join(', ')
    throw fault('approval.escalation', `the gate of ${gate.policy} names ${names}, and nobody else`)
  }
  if (escalations.length >= MOST) {
    throw fault('approval.escalated', `it was passed on ${MOST} times already`)
  }
  const person = approver.person.id
  const { policy } = gate
  const escalation = { policy, to, person, reason: said.reason, at: said.now }
  const time = approval.firstExpiresAt ?? approval.expiresAt
  const expiresAt = Math.max(approval.expiresAt, said.now + time - approval.requestedAt)
  return {
    doc: {
      ...approval,
      escalations: [...escalations, escalation],
      firstExpiresAt: time,
      expiresAt,
    },
    policy,
  }
}
