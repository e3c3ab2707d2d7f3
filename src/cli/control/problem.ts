// Holds what the control API refuses with: a fault that also says which line or which member is wrong.

import { Fault } from '../../std/fault.ts'
import { Problem, type PolicyProblem } from '../../wire/api/problem.ts'
import { fault } from '../faults.ts'

/** A refusal of the control API. */
export class ControlFault extends Fault {
  readonly requestId: string
  /** What is wrong with which member of the request. */
  readonly errors: readonly { readonly path: string; readonly message: string }[]
  /** What is wrong with which line of a policy. */
  readonly problems: readonly PolicyProblem[]

  constructor(problem: Problem) {
    super(problem.code, { status: problem.status, next: problem.next }, problem.detail)
    this.requestId = problem.request_id
    this.errors = problem.errors ?? []
    this.problems = problem.problems ?? []
  }
}

/** The fault that an answer with a status of 400 or above is. */
export function refusal(status: number, tree: unknown): Fault {
  const problem = Problem.safeParse(tree)
  if (problem.success) return new ControlFault(problem.data)
  return fault('cli.answer', `the server answered with status ${status} and no problem of ours`)
}
