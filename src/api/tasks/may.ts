// Holds who may do what with tasks: the owner of the agent, whom it acts for, and operators; nobody with an agent's credential (INV-9).

import { taskFault } from '../../authority/tasks/faults.ts'
import type { Tasks } from '../../authority/tasks/tasks.ts'
import { mayUse } from '../access.ts'
import type { Person } from '../operator.ts'
import type { ControlPorts } from '../ports.ts'

/** A task of the authority. */
export type Task = ReturnType<Tasks['find']>

type Ports = Pick<ControlPorts, 'authority'>

/** True for the owner of an agent, and for the members of the team that owns it. */
function owns({ authority }: Ports, agent: string, person: Person): boolean {
  const { agents, teams } = authority
  const owner = agents.get(agent)?.owner ?? ''
  if (!owner.startsWith('team:')) return owner === person.id
  return teams.get(owner.slice('team:'.length))?.members.includes(person.id) === true
}

/** True for whom it acts for now, by a delegation of theirs that holds. */
function isServed({ authority }: Ports, agent: string, person: Person): boolean {
  const { delegations } = authority
  return delegations
    .list()
    .some(
      (one) =>
        one.person === person.id &&
        one.agent === agent &&
        one.by === undefined &&
        delegations.chainOf(one.id) !== undefined,
    )
}

/**
 * Throws `task.not_yours` for who may not open one. For themselves: an operator, its owner, and whom it acts for. For nobody: an
 * operator and its owner. For somebody else: an operator alone.
 */
export function checkMayOpen(
  ports: Ports,
  person: Person,
  of: { readonly agent: string; readonly other: boolean; readonly unattended: boolean },
): void {
  const { agent, other, unattended } = of
  if (mayUse('operator', person.roles)) return
  if (!other && owns(ports, agent, person)) return
  if (!other && !unattended && isServed(ports, agent, person)) return
  throw taskFault('task.not_yours', 'this task is not yours to open')
}

/** True for who asked for it, whom it is worked on for, and the owner of the agent. */
export function isTheirs(ports: Ports, task: Task, person: Person): boolean {
  return task.person === person.id || task.user === person.id || owns(ports, task.agent, person)
}
