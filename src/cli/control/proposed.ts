// Holds a change of who governs that was proposed and is not done: what the control API answers with 202.

import { Fault } from '../../std/fault.ts'
import { GovernanceChange } from '../../wire/api/governance.ts'
import { CLI_FAULTS } from '../faults.ts'

/** Proposed: another administrator has to agree, or time has to pass. */
export class Proposed extends Fault {
  readonly change: GovernanceChange

  private constructor(change: GovernanceChange) {
    const { id, text, from } = change
    const next =
      from === null
        ? `another administrator agrees: bailiwick governance agree ${id}`
        : `you are alone here: bailiwick governance agree ${id}, from ${from} on`
    const { status } = CLI_FAULTS['governance.proposed']
    super('governance.proposed', { status, next }, `proposed: needs agreement: ${text}`)
    this.change = change
  }

  /** What an answer with the status 202 says; undefined for one that says something else. */
  static of(tree: unknown): Proposed | undefined {
    const read = GovernanceChange.safeParse(tree)
    return read.success ? new Proposed(read.data) : undefined
  }
}
