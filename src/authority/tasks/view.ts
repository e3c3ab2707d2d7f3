// Holds the tasks in memory: by id, by whom they are for, and by when they end; and which ended lately.

import type { Task } from '../../store/rows/task.ts'
import type { Held } from '../../store/signed-table.ts'
import type { TaskFacts } from '../../wire/task.ts'
import { isFor, isOpen, type Choice, type Seeker } from './choice.ts'
import { scopeDigest } from './record.ts'

/** Ended tasks that are remembered, so that who works on one is told that it is over. */
const MAX_ENDED = 10_000

/** A task with what calls see of it, made once. */
export interface Shown {
  readonly held: Held<Task>
  readonly facts: TaskFacts
}

type Ended = Pick<Task, 'agent' | 'instance' | 'user' | 'bound'>

/** Every task that has not ended. */
export class TaskView {
  readonly #shown = new Map<string, Shown>()
  /** Tasks that calls may find without being bound to them, by agent and then by user. */
  readonly #for = new Map<string, Map<string, Set<Shown>>>()
  readonly #ended = new Map<string, Ended>()

  get size(): number {
    return this.#shown.size
  }

  get(id: string): Shown | undefined {
    return this.#shown.get(id)
  }

  all(): IterableIterator<Shown> {
    return this.#shown.values()
  }

  /** Shows a task, in place of what it was before. */
  put(held: Held<Task>): void {
    const { doc } = held
    this.#forget(doc.id)
    const shown = { held, facts: factsOf(doc) }
    this.#shown.set(doc.id, shown)
    if (doc.bound === true) return
    const users = this.#for.get(doc.agent) ?? new Map<string, Set<Shown>>()
    const tasks = users.get(doc.user) ?? new Set<Shown>()
    this.#for.set(doc.agent, users.set(doc.user, tasks.add(shown)))
  }

  /** Takes a task away; undefined when it is not here. */
  take(id: string): Task | undefined {
    const doc = this.#forget(id)
    if (doc === undefined) return undefined
    if (this.#ended.size >= MAX_ENDED) this.#ended.delete(this.#ended.keys().next().value ?? '')
    const { agent, instance, user, bound } = doc
    this.#ended.set(id, {
      agent,
      user,
      ...(instance !== undefined && { instance }),
      ...(bound !== undefined && { bound }),
    })
    return doc
  }

  /** The task that a call is under. */
  choose(seeker: Seeker, named: string | undefined, now: number): Choice {
    const { bound } = seeker
    if (bound !== undefined) {
      // Naming another than the one that the delegation is bound to is naming one that is not theirs.
      if (named !== undefined && named !== bound) return 'unknown'
      return this.#open(this.#shown.get(bound), seeker, now) ?? 'over'
    }
    if (named !== undefined) return this.#named(seeker, named, now)
    let found: Shown | undefined
    for (const shown of this.#for.get(seeker.agent)?.get(seeker.user) ?? []) {
      const { doc } = shown.held
      if (!isOpen(doc, now) || !isFor(doc, seeker)) continue
      if (found !== undefined) return 'several'
      found = shown
    }
    return found === undefined ? 'none' : { task: found.facts }
  }

  #named(seeker: Seeker, named: string, now: number): Choice {
    const shown = this.#shown.get(named)
    const meant = shown?.held.doc ?? this.#ended.get(named)
    // One that serves the delegations that name it is nobody else's, however they learnt its id.
    if (meant === undefined || meant.bound === true || !isFor(meant, seeker)) return 'unknown'
    return this.#open(shown, seeker, now) ?? 'over'
  }

  #open(shown: Shown | undefined, seeker: Seeker, now: number): Choice | undefined {
    if (shown === undefined || !isOpen(shown.held.doc, now)) return undefined
    return isFor(shown.held.doc, seeker) ? { task: shown.facts } : undefined
  }

  #forget(id: string): Task | undefined {
    const shown = this.#shown.get(id)
    if (shown === undefined) return undefined
    const { doc } = shown.held
    this.#shown.delete(id)
    const users = this.#for.get(doc.agent)
    const tasks = users?.get(doc.user)
    tasks?.delete(shown)
    if (tasks?.size === 0) users?.delete(doc.user)
    if (users?.size === 0) this.#for.delete(doc.agent)
    return doc
  }
}

function factsOf({ asked, id, intent, person, scope, budget, endsAt }: Task): TaskFacts {
  return Object.freeze({
    id,
    intent,
    person,
    scope,
    budget,
    endsAt,
    scopeDigest: scopeDigest(scope),
    ...(asked !== undefined && { signedBy: asked.key }),
  })
}
