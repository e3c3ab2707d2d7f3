// Holds the reading of what a person says of a task: members of the API as the authority takes them, and whose key signed them.

import type { z } from 'zod'
import type { TaskAsker, TaskWish } from '../../authority/tasks/tasks.ts'
import type {
  JoinTask,
  NewTask,
  TaskBudget,
  TaskNarrowing,
  TaskPermit,
} from '../../wire/api/task.ts'
import type { Asker } from '../asker.ts'

/** The longest request that is kept with its task, in bytes. */
const MOST_KEPT = 65_536

function permits(allow: readonly TaskPermit[]): TaskWish['scope'] {
  return allow.map(({ action, when }) => (when === undefined ? { action } : { action, when }))
}

function budgetOf(budget: TaskBudget): NonNullable<TaskWish['budget']> {
  return Object.fromEntries(Object.entries(budget).filter(([, value]) => value !== undefined))
}

function moment<K extends string>(key: K, text: string | undefined): Partial<Record<K, number>> {
  return text === undefined ? {} : ({ [key]: Date.parse(text) } as Partial<Record<K, number>>)
}

/** What is asked for. */
export function wishOf(body: z.output<typeof NewTask>): TaskWish {
  const { agent, intent, allow, budget, instance, delegation } = body
  return {
    agent,
    intent,
    scope: permits(allow),
    budget: budgetOf(budget),
    ...(instance !== undefined && { instance }),
    ...(delegation !== undefined && { bound: true }),
    ...(body.unattended ? { user: null } : {}),
    ...(body.on_behalf_of !== undefined && { user: body.on_behalf_of }),
    ...moment('startsAt', body.starts_at),
    ...moment('endsAt', body.ends_at),
  }
}

/** The task that comes with a join token. */
export function joinWishOf(agent: string, body: z.output<typeof JoinTask>): TaskWish {
  const { intent, allow, budget } = body
  return {
    agent,
    intent,
    bound: true,
    scope: permits(allow),
    budget: budgetOf(budget),
    ...moment('endsAt', body.ends_at),
  }
}

/** What is left of it. */
export function narrowingOf({ allow, budget, ends_at: end }: z.output<typeof TaskNarrowing>) {
  return {
    ...(allow !== undefined && { scope: permits(allow) }),
    ...(budget !== undefined && { budget: budgetOf(budget) }),
    ...moment('endsAt', end),
  }
}

/** Who asks, with the request that their key signed where it did: kept whole, so that a stranger sees whose key it was. */
export function taskAsker(
  { person, signed }: Pick<Asker, 'person' | 'signed'>,
  request: Request,
): TaskAsker {
  const proof = request.headers.get('authorization')
  if (signed === undefined || proof === null || signed.body.byteLength > MOST_KEPT) {
    return { person: person.id }
  }
  const body = new TextDecoder().decode(signed.body)
  // The scheme is ours to know: what is kept is the signed text.
  const text = proof.slice(proof.indexOf(' ') + 1)
  return { person: person.id, asked: { key: signed.kid, proof: text, body } }
}
