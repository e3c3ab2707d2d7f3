// Holds which task an actor works on: added once it is known who acts, or the refusal of a task that is not theirs (INV-4).

import type { Actor } from '../../wire/actor.ts'
import type { Unauthenticated } from '../../wire/presented.ts'
import type { Seeker, TaskPort } from '../tasks/choice.ts'

/** For whom a task is looked for: whoever stands at the head, since sub-agents stay under its task. */
function seekerOf({ agent, chain, delegation, instance }: Actor): Seeker {
  const head = chain[0] ?? { agent, instance }
  return {
    agent: head.agent,
    instance: head.instance,
    user: delegation?.person ?? '',
    ...(delegation?.task !== undefined && { bound: delegation.task }),
  }
}

/**
 * The actor with its task. Naming none is no way out of a task: with one open it is that, and with several an actor that could act
 * without may not either, until it names one.
 */
export function withTask(
  actor: Actor,
  named: string | undefined,
  tasks: TaskPort | undefined,
): Actor | Unauthenticated {
  const bound = actor.delegation?.task
  const found =
    tasks?.choose(seekerOf(actor), named) ?? ((named ?? bound) === undefined ? 'none' : 'unknown')
  if (typeof found === 'object') return { ...actor, task: found.task }
  switch (found) {
    case 'none':
      return actor
    case 'several':
      return actor.taskless === true ? { ...actor, taskless: false } : actor
    case 'over':
      return refused('authenticate.task_over', 'the task is over, or has not begun', actor)
    case 'unknown':
      return refused(
        'authenticate.unknown_task',
        'no task of this id is open for this agent',
        actor,
      )
  }
}

function refused(code: string, detail: string, of: Actor): Unauthenticated {
  return { refused: true, code, detail, of }
}
