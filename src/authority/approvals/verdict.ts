// Holds the rules of agreeing: who may lift which gate of a held call, and when all are lifted.

import { rfc3339 } from '../../std/clock.ts'
import { faults, type Fault } from '../../std/fault.ts'
import type { Agreement, Approval } from '../../store/rows/approval.ts'
import type { Person } from '../../store/rows/person.ts'
import type { Gate } from '../../wire/decision.ts'
import { gateRule, whoNamed, type GateWho } from '../../wire/gate.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'
import { teamOf } from '../registry/teams.ts'

const fault = faults(AUTHORITY_FAULTS)

/** Somebody who answers, as gates see them. */
export interface Approver {
  readonly person: Person
  /** Names of the teams that they belong to. */
  readonly teams: readonly string[]
  /** The same person with what they newly have, and from when all of it counts (ms since the epoch); absent: all of it does. */
  readonly soon?: Pick<Approver, 'person' | 'teams'> & { readonly from: number }
}

/** Gates at which people are still missing. */
export function openGates(approval: Approval): readonly Gate[] {
  return approval.gates.filter((gate) => missing(approval, gate) > 0)
}

/** How many more people a gate waits for. */
export function missing(approval: Approval, gate: Gate): number {
  return gateRule(gate.name).count - agreedTo(approval, gate).length
}

function agreedTo({ agreements }: Approval, { policy }: Gate): readonly Agreement[] {
  return agreements.filter((agreement) => agreement.policy === policy)
}

/** True where a gate is about this person, now or once it has waited long enough: they may look at what is asked. */
export function concerns(approval: Approval, { soon, ...now }: Approver): boolean {
  const approver = soon ?? now
  return approval.gates.some((gate) => {
    const { who, later } = gateRule(gate.name)
    return [...who, ...(later?.who ?? [])].some((one) => isOne(one, approval, approver))
  })
}

/** Why this person may not decide about this call at all; undefined when they may. */
export function refusal(approval: Approval, approver: Approver, now: number): Fault | undefined {
  if (approval.state !== 'pending') {
    return fault('approval.closed', `this approval is ${approval.state} already`)
  }
  const asked = approval.gates.filter((gate) => isHeard(approval, gate, approver, now))
  if (asked.length === 0) {
    const { soon } = approver
    if (soon && approval.gates.some((gate) => isHeard(approval, gate, soon, now))) {
      const from = rfc3339(soon.from)
      return fault(
        'approval.newcomer',
        `this person is new to who is asked, and decides from ${from} on`,
      )
    }
    const gates = [...new Set(approval.gates.map(({ name }) => `\`${name}\``))].join(' and ')
    return fault('approval.role', `this call waits at ${gates}, which does not ask this person`)
  }
  const left = approval.excluded.includes(approver.person.id)
  if (left || asked.every((gate) => isLeftOut(approval, gate, approver))) {
    return fault('approval.separated', 'policy keeps this person from deciding about this call')
  }
  return undefined
}

/** The gates that wait for this person at this moment. */
export function gatesOf(approval: Approval, approver: Approver, now: number): readonly Gate[] {
  if (approval.state !== 'pending' || approval.excluded.includes(approver.person.id)) return []
  return approval.gates.filter(
    (gate) => isAsked(approval, gate, approver, now) && isFree(approval, gate, approver),
  )
}

/** True where somebody is missing at a gate, and this person has not agreed there and counts. */
function isFree(approval: Approval, gate: Gate, approver: Approver): boolean {
  return isUnanswered(approval, gate, approver) && !isLeftOut(approval, gate, approver)
}

function isUnanswered(approval: Approval, gate: Gate, { person: { id } }: Approver): boolean {
  return (
    missing(approval, gate) > 0 && !agreedTo(approval, gate).some(({ person }) => person === id)
  )
}

/**
 * The gate that this person agrees to with one word: the one that they name by its policy, or the only one that is left for them. Two
 * gates are two approvals. Throws `approval.agreed`, `approval.separated`, `approval.which`.
 */
export function gateFor(
  approval: Approval,
  approver: Approver,
  named: string | undefined,
  now: number,
): Gate {
  const asked = approval.gates.filter(
    (gate) =>
      isAsked(approval, gate, approver, now) && (named === undefined || gate.policy === named),
  )
  if (asked.length === 0) throw fault('approval.role', 'that gate does not ask this person')
  const open = asked.filter((gate) => isUnanswered(approval, gate, approver))
  if (open.length === 0) {
    throw fault('approval.agreed', 'every gate that this person can lift has been agreed already')
  }
  const free = open.filter((gate) => !isLeftOut(approval, gate, approver))
  const [gate, other] = free
  if (gate === undefined) {
    throw fault(
      'approval.separated',
      'who agreed to another gate of this call cannot lift this one',
    )
  }
  if (other === undefined) return gate
  const policies = free.map(({ policy }) => policy).join(', ')
  throw fault(
    'approval.which',
    `this call waits at more than one gate for this person: ${policies}`,
  )
}

/** The approval with one more agreement. */
export function withAgreement(approval: Approval, agreement: Agreement): Approval {
  return { ...approval, agreements: [...approval.agreements, agreement] }
}

/** True where a gate asks this person at this moment to agree: once it was passed on, only whom it was passed on to. */
function isAsked(approval: Approval, gate: Gate, approver: Approver, now: number): boolean {
  const to = passedTo(approval, gate)
  if (to !== undefined) return isOne(to, approval, approver)
  return isHeard(approval, gate, approver, now)
}

/** True where a gate is about this person at this moment: they may refuse, also when somebody else is asked by now. */
function isHeard(approval: Approval, gate: Gate, approver: Approver, now: number): boolean {
  const { who, later } = gateRule(gate.name)
  const also = later !== undefined && now - approval.requestedAt >= later.afterMs ? later.who : []
  const to = passedTo(approval, gate)
  const all = [...who, ...also, ...(to === undefined ? [] : [to])]
  return all.some((one) => isOne(one, approval, approver))
}

/** Whom the request was passed on to at a gate, last. */
function passedTo({ escalations = [] }: Approval, gate: Gate): GateWho | undefined {
  const last = escalations.findLast(({ policy }) => policy === gate.policy)
  return last && whoNamed(gate.name, last.to)
}

/** Whose call it is, as far as gates ask. */
type Whose = Pick<Approval, 'owner' | 'delegation'>

/** True while every gate of a held call would ask whoever agreed there. `known`: somebody as they are now; undefined: not here. */
export function standsStill(
  approval: Approval,
  known: (person: string) => Approver | undefined,
): boolean {
  return approval.agreements.every(({ person, policy }) => {
    const gate = approval.gates.find((one) => one.policy === policy)
    const approver = known(person)
    return gate && approver && mayAgreeStill(approval, gate, approver)
  })
}

/** True while a gate would ask, sooner or later, and count somebody who has agreed there. */
export function mayAgreeStill(whose: Whose, gate: Gate, approver: Approver): boolean {
  const { who, later, not } = gateRule(gate.name)
  const asked = [...who, ...(later?.who ?? [])].some((one) => isOne(one, whose, approver))
  if (not.includes('user') && whose.delegation?.person === approver.person.id) return false
  return asked && !(not.includes('owner') && isOwner(whose, approver))
}

function isOne(who: GateWho, whose: Whose, { person, teams }: Approver): boolean {
  switch (who.kind) {
    case 'role':
      return person.roles.includes(who.name)
    case 'team':
      return teams.includes(who.name)
    case 'owner':
      return isOwner(whose, { person, teams })
    case 'user':
      return whose.delegation?.person === person.id
  }
}

function isOwner({ owner }: Whose, { person, teams }: Approver): boolean {
  const team = teamOf(owner)
  return team === undefined ? owner === person.id : teams.includes(team)
}

/** True where this person does not count at a gate, whoever they are: they are the user, the owner, or had their say at another gate. */
function isLeftOut(approval: Approval, gate: Gate, approver: Approver): boolean {
  const { apart, not } = gateRule(gate.name)
  const { id } = approver.person
  if (not.includes('user') && approval.delegation?.person === id) return true
  if (not.includes('owner') && isOwner(approval, approver)) return true
  const elsewhere = approval.gates.filter(
    (other) =>
      other.policy !== gate.policy &&
      agreedTo(approval, other).some((agreement) => agreement.person === id),
  )
  return elsewhere.some((other) => apart || gateRule(other.name).apart)
}
