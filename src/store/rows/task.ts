// Holds the row of a task: what an agent works on, as who asked for it said and signed it.

import type { TaskBudget, TaskPermit } from '../../wire/task.ts'
import type { TableShape } from '../table.ts'

/** Only `active` is worth anything; the others are final. */
export type TaskState = 'active' | 'done' | 'cancelled' | 'expired'

/** The request by which a person asked, with their key's signature over it: what a stranger needs to see whose key it was. */
export interface TaskRequest {
  /** Key id: SHA-256 of the key's SubjectPublicKeyInfo, base64url. */
  readonly key: string
  /** The operator proof as it was sent: a compact JWS over method, path and the digest of the body. Used up long ago. */
  readonly proof: string
  /** The body's text, exactly as it was sent. */
  readonly body: string
}

/** A unit of purpose. It only ever narrows: intent, agent and person never change, the rest becomes less. */
export interface Task {
  /** UUIDv7. */
  readonly id: string
  /** The stated intent, one line. */
  readonly intent: string
  readonly agent: string
  /** The only instance that may work on it; absent: any of the agent. */
  readonly instance?: string
  /** True where only delegations that name it are under it: it was opened for those, and ends with the one that was first. */
  readonly bound?: boolean
  /** Person id on whose behalf the agent works on it; empty: nobody's, it acts unattended. */
  readonly user: string
  /** Person id of who asked for it. */
  readonly person: string
  readonly scope: readonly TaskPermit[]
  readonly budget: TaskBudget
  /** ms since the epoch. */
  readonly startsAt: number
  /** ms since the epoch; only ever moved earlier. */
  readonly endsAt: number
  readonly state: TaskState
  /** Sixteen random bytes, base64url: keeps the digest in the record from being guessed. */
  readonly salt: string
  /** Absent where a person asked with a browser, or by consent: then the record alone says who. */
  readonly asked?: TaskRequest
  /** How it ended; `by` is a person id, empty where Bailiwick itself ended it. */
  readonly ended?: { readonly by: string; readonly reason: string; readonly at: number }
  /** ms since the epoch. */
  readonly createdAt: number
}

/** Table `tasks`. Active ones are on the roll, so that one that has ended cannot be put back by hand. */
export const TASKS: TableShape<Task> = {
  table: 'tasks',
  id: (task) => task.id,
  columns: (task) => ({
    agent: task.agent,
    person: task.person,
    state: task.state,
    expires_at: task.endsAt,
  }),
  roll: { column: 'state', values: ['active'] },
}
