// Holds which task is handed on with a part of somebody's authority: the one that they work on, never another, never none (INV-4).

import type { Delegation } from '../../store/rows/delegation.ts'
import type { TaskPort } from '../tasks/choice.ts'
import { delegationFault } from './faults.ts'
import type { PassRequest } from './pass.ts'

/** The task that a chain is bound to; `chain`: the highest first. What a link is bound to, everything below it is. */
export function boundTask(chain: readonly Pick<Delegation, 'task'>[]): string | undefined {
  return chain.find(({ task }) => task !== undefined)?.task
}

/**
 * The task that a new link is bound to: that of the chain, else the one that is named, else the only one that is open for the head
 * of the chain. Undefined where none is open: then what is below finds those of the head, and no others. Throws `delegation.task`
 * where several are open and none is named, or where the one that is named is not theirs.
 */
export function taskFor(
  tasks: TaskPort | undefined,
  { by, task: named }: Pick<PassRequest, 'by' | 'task'>,
  chain: readonly Delegation[],
): string | undefined {
  const bound = boundTask(chain)
  const [head] = chain
  const { agent, instance } = head?.by ?? {
    agent: head?.agent ?? by.agent,
    instance: head?.instance ?? by.instance,
  }
  const seeker = {
    agent,
    instance,
    user: head?.person ?? '',
    ...(bound !== undefined && { bound }),
  }
  const found =
    tasks?.choose(seeker, named) ??
    (bound === undefined && named === undefined ? 'none' : 'unknown')
  if (typeof found === 'object') return found.task.id
  switch (found) {
    case 'none':
      return undefined
    case 'several':
      throw delegationFault('delegation.task', 'several tasks are open, and none is named')
    case 'over':
      throw delegationFault('delegation.task', 'the task is over, or has not begun')
    case 'unknown':
      throw delegationFault('delegation.task', 'no task of this id is open for who passes it on')
  }
}
