// Holds what one part of the authority sets off in another: approvals and tasks end with what they stood on.

import { Fault } from '../std/fault.ts'
import { targetText } from './locks/target.ts'
import type { Amendments } from './approvals/amendments.ts'
import type { Approvals } from './approvals/approvals.ts'
import type { Delegations } from './delegation/delegations.ts'
import type { Locks } from './locks/locks.ts'
import type { Agents } from './registry/agents.ts'
import type { People } from './registry/people.ts'
import type { Teams } from './registry/teams.ts'
import type { Tasks } from './tasks/tasks.ts'

interface Reacting {
  readonly people: People
  readonly teams: Teams
  readonly agents: Agents
  readonly locks: Locks
  readonly approvals: Approvals
  readonly amendments: Amendments
  readonly delegations: Delegations
  readonly tasks: Tasks
}

/**
 * Ends the approvals that a lock or a suspension makes pointless, and suspends the agents of who leaves. Nothing hangs on it:
 * the wait for an approval is followed by admit, resolve and decide again, so a call that is locked is denied even where its
 * approval could not be ended, and an agent that nobody owns counts as suspended before that is written.
 */
export function reactions(
  { people, teams, agents, locks, approvals, amendments, delegations, tasks }: Reacting,
  onTrouble: (trouble: Fault) => void,
): () => Promise<void> {
  const running = new Set<Promise<void>>()
  const run = (work: Promise<unknown>) => {
    const done: Promise<void> = work
      .then(
        () => undefined,
        (error: unknown) => {
          if (!(error instanceof Fault)) throw error
          onTrouble(error)
        },
      )
      .finally(() => running.delete(done))
    running.add(done)
  }
  locks.onChange((change, lock) => {
    if (change !== 'added') return
    const reason = `${targetText(lock.target)} was locked: ${lock.reason}`
    run(approvals.voidCovered(lock.target, reason, locks.equippedWith))
    run(amendments.voidCovered(lock.target, reason, locks.equippedWith))
  })
  agents.onChange((agent) => {
    if (agent.state === 'retired') tasks.endPointless()
    if (agent.state !== 'active') {
      const reason = `the agent is ${agent.state}`
      run(approvals.voidForAgent(agent.name, reason))
      run(amendments.voidForAgent(agent.name, reason))
    }
  })
  delegations.onEnd((id, { parent, task }) => {
    if (task !== undefined && parent === undefined) {
      tasks.endServed(task, 'the delegation that it served has ended')
    }
    if (approvals.waitUnder(id)) {
      run(approvals.voidForDelegation(id, 'the delegation that it acts under has ended'))
    }
  })
  tasks.onEnd((id) => {
    if (approvals.waitFor(id)) run(approvals.voidForTask(id, 'the task has ended'))
    run(amendments.voidForTask(id, 'the task has ended'))
  })
  teams.onChange(() => run(amendments.sweep()))
  people.onChange((person) => {
    run(amendments.sweep())
    if (person.state === 'left') {
      tasks.endPointless()
      run(agents.sweep({ all: true }))
    }
  })
  return async () => {
    // One reaction can set off the next.
    while (running.size > 0) await Promise.all(running)
  }
}
