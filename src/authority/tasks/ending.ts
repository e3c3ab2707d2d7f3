// Holds how tasks end: taken from memory at once, told, then recorded and stored, and tried again if that failed.

import type { Task, TaskState } from '../../store/rows/task.ts'
import type { AuthorityPorts } from '../ports.ts'
import type { Turns } from '../turns.ts'
import { taskBody } from './record.ts'
import type { TaskView } from './view.ts'

/** Why a task ended. */
export interface TaskEnd {
  readonly state: Exclude<TaskState, 'active'>
  /** Person id; empty where Bailiwick itself ended it. */
  readonly by: string
  readonly reason: string
}

/** Types of the records, by how it ended. */
export const TASK_ENDS = {
  done: 'task.closed',
  cancelled: 'task.cancelled',
  expired: 'task.expired',
} as const satisfies Readonly<Record<TaskEnd['state'], string>>

/** Ends tasks. What is taken here is gone for every check before the call returns (INV-5). */
export class TaskEndings {
  readonly #ports: Pick<AuthorityPorts, 'audit' | 'clock' | 'store'>
  readonly #view: TaskView
  readonly #turns: Turns
  readonly #listeners = new Set<(id: string) => void>()
  /** Gone from memory and not written yet. Lost in a crash, as if nobody had asked: nobody was told otherwise. */
  readonly #unwritten = new Map<string, TaskEnd>()

  constructor(
    ports: Pick<AuthorityPorts, 'audit' | 'clock' | 'store'>,
    view: TaskView,
    turns: Turns,
  ) {
    this.#ports = ports
    this.#view = view
    this.#turns = turns
  }

  onEnd(listener: (id: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Takes a task; undefined when it has ended already. `written` makes it durable. */
  take(id: string, end: TaskEnd): Task | undefined {
    const gone = this.#view.take(id)
    if (gone === undefined) return undefined
    this.#unwritten.set(id, end)
    for (const listener of this.#listeners) listener(id)
    return gone
  }

  /** Marks one that is not in memory as to be written: what the store still calls active. */
  mark(id: string, end: TaskEnd): void {
    this.#unwritten.set(id, end)
  }

  /** Writes what has been taken and not been written. Throws what kept one from being written. */
  written(): Promise<void> {
    return this.#turns.run(async () => {
      for (const [id, end] of this.#unwritten) {
        this.#unwritten.delete(id)
        try {
          await this.#write(id, end)
        } catch (error) {
          // To the end of the queue, so that one that cannot be written never stands in the way of the others.
          this.#unwritten.set(id, end)
          throw error
        }
      }
    })
  }

  async #write(id: string, { state, by, reason }: TaskEnd): Promise<void> {
    const { audit, clock, store } = this.#ports
    const held = await store.tasks.get(id)
    if (held?.doc.state !== 'active') return
    const { doc } = held
    const receipt = await audit.append({
      type: TASK_ENDS[state],
      phase: by === '' ? 'lifecycle' : 'admin',
      ...(by === '' ? {} : { person: by }),
      agent: doc.agent,
      body: { ...taskBody(doc), reason },
    })
    const ended = { by, reason, at: clock.now() }
    await store.tasks.replace(held, { ...doc, state, ended }, receipt)
  }
}
