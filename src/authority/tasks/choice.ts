// Holds which task a call is under: the one that its delegation is bound to, the one that it names, or the only one there is.

import type { Task } from '../../store/rows/task.ts'
import type { TaskFacts } from '../../wire/task.ts'

/** For whom a task is looked for: who stands at the head of the chain, since sub-agents stay under its task (INV-4). */
export interface Seeker {
  /** Agent and instance at the head of the chain. */
  readonly agent: string
  readonly instance: string
  /** Person id; empty for who acts unattended. */
  readonly user: string
  /** Task that a delegation of the chain is bound to. */
  readonly bound?: string
}

/**
 * What was found. `several`: tasks are open and none is named; `over`: it has ended, or not begun; `unknown`: no task of theirs,
 * which says nothing about whether there is one of somebody else.
 */
export type Choice = { readonly task: TaskFacts } | 'none' | 'several' | 'over' | 'unknown'

/** Answers for calls which task they are under. Synchronous, from memory: asked at every call. */
export interface TaskPort {
  choose(seeker: Seeker, named?: string): Choice
}

/** True when the task is meant for who seeks one. */
export function isFor(
  task: Pick<Task, 'agent' | 'instance' | 'user'>,
  { agent, instance, user }: Seeker,
): boolean {
  return (
    task.agent === agent &&
    task.user === user &&
    (task.instance === undefined || task.instance === instance)
  )
}

/** True while the task may be worked on. */
export function isOpen({ startsAt, endsAt }: Task, now: number): boolean {
  return startsAt <= now && now < endsAt
}
