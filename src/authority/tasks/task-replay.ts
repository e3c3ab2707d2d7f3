// Holds the replay of tasks that the log says ended or became less, into a database that is older than the log (INV-13).

import type { AuditLog } from '../../audit/log.ts'
import type { LoggedRecord } from '../../audit/log-reader.ts'
import { isObject, JsonNumber, type Json, type JsonObject } from '../../std/json.ts'
import type { Store } from '../../store/open.ts'
import type { Task } from '../../store/rows/task.ts'
import type { TaskBudget } from '../../wire/task.ts'
import { TASK_ENDS } from './ending.ts'
import { scopeDigest } from './record.ts'
import { BUDGET_KEYS } from './words.ts'
import { receiptOf, recorded } from '../recorded.ts'

interface Ports {
  readonly audit: Pick<AuditLog, 'tail'>
  readonly store: Pick<Store, 'tasks'>
}

/**
 * Ends tasks that the rows call active and the log does not, and narrows those that the log says are narrower. Says how many.
 */
export async function replayTasks(ports: Ports): Promise<number> {
  const { store } = ports
  const active = await store.tasks.all({ state: 'active' })
  if (active.length === 0) return 0
  // Nothing that was recorded before the oldest of them was opened can be about one.
  const oldest = active.reduce((least, { doc }) => Math.min(least, doc.createdAt), Infinity)
  let count = 0
  for (const [state, type] of Object.entries(TASK_ENDS)) {
    for await (const logged of recorded(ports.audit, type, oldest)) {
      const { body, person = '', ts } = logged.record
      const held = await store.tasks.get(text(body, 'task'))
      if (held?.doc.state !== 'active') continue
      const ended = { by: person, reason: text(body, 'reason'), at: Date.parse(ts) }
      const doc: Task = { ...held.doc, state: state as keyof typeof TASK_ENDS, ended }
      await store.tasks.replace(held, doc, receiptOf(logged))
      count += 1
    }
  }
  for await (const logged of recorded(ports.audit, 'task.narrowed', oldest)) {
    const held = await store.tasks.get(text(logged.record.body, 'task'))
    const kept = held?.doc.state === 'active' ? taskKept(held.doc, logged.record) : undefined
    if (held === undefined || kept === undefined) continue
    await store.tasks.replace(held, kept, receiptOf(logged))
    count += 1
  }
  return count
}

/**
 * The task as the word of the log leaves it; undefined where it is no less. The log has no scope but its digest: where that is
 * another than the row's, what is left of the task is known to nobody here, and it ends.
 */
function taskKept(task: Task, record: LoggedRecord['record']): Task | undefined {
  const { body, ts } = record
  if (text(body, 'scope') !== scopeDigest(task.scope)) {
    const reason = 'the log says that its scope was narrowed, and this database has it not'
    return { ...task, state: 'cancelled', ended: { by: '', reason, at: Date.parse(ts) } }
  }
  const endsAt = Math.min(task.endsAt, number(body['endsAt']) ?? task.endsAt)
  const kept: Task = { ...task, endsAt, budget: budgetKept(task.budget, body) }
  return JSON.stringify(kept) === JSON.stringify(task) ? undefined : kept
}

function budgetKept(budget: TaskBudget, { budget: said }: JsonObject): TaskBudget {
  if (!isObject(said)) return budget
  const bounds = BUDGET_KEYS.flatMap((key) => {
    const value = Math.min(budget[key] ?? Infinity, number(said[key]) ?? Infinity)
    return value === Infinity ? [] : [[key, value] as const]
  })
  return Object.fromEntries(bounds)
}

function text(body: JsonObject, member: string): string {
  const value = body[member]
  return typeof value === 'string' ? value : ''
}

function number(value: Json | undefined): number | undefined {
  const read = value instanceof JsonNumber ? Number(value.text) : value
  return typeof read === 'number' && Number.isSafeInteger(read) ? read : undefined
}
