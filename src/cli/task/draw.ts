// Holds how tasks are drawn: one as fields with its permits, many as a table.

import type { Task } from '../../wire/api/task.ts'
import { fields, table, type Cell, type Surface } from '../terminal/table.ts'
import { when } from '../terminal/when.ts'

const STATE_STYLE = {
  active: 'green',
  done: 'dim',
  cancelled: 'yellow',
  expired: 'dim',
} as const

function state({ state: text, ended }: Task): Cell {
  const why = ended === null ? '' : `: ${ended.reason}`
  return { text: `${text}${why}`, style: STATE_STYLE[text] }
}

function permitText({ action, when: condition }: Task['allow'][number]): string {
  return condition === undefined ? action : `${action} when ${condition}`
}

function budgetText({ budget }: Task): string {
  const bounds = Object.entries(budget).map(([key, value]) => `${value} ${key}`)
  return bounds.length === 0 ? 'not bounded' : bounds.join(', ')
}

/** One task, with its permits. */
export function drawTask(task: Task, surface: Surface, now: number): string {
  const head = fields(
    [
      ['task', task.id],
      ['state', state(task)],
      ['intent', task.intent],
      ['agent', task.agent],
      ['instance', task.instance ?? undefined],
      ['serves', task.bound ? 'one delegation, and ends with it' : undefined],
      ['for', task.on_behalf_of ?? 'nobody'],
      ['asked by', `${task.asked_by}${task.request === null ? '' : `, key ${task.request.key}`}`],
      ['budget', budgetText(task)],
      ['begins', Date.parse(task.starts_at) > now ? when(task.starts_at, now) : undefined],
      ['ends', when(task.ends_at, now)],
      ['digest', task.digest],
    ],
    surface,
  )
  return `${head}\n${table(
    ['ALLOWS'],
    task.allow.map((permit) => [permitText(permit)]),
    surface,
  )}`
}

/** A table of tasks. */
export function drawTasks(tasks: readonly Task[], surface: Surface, now: number): string {
  return table(
    [{ title: 'TASK', whole: true }, 'AGENT', 'FOR', 'ENDS', 'ALLOWS', 'INTENT'],
    tasks.map((task) => [
      task.id,
      task.agent,
      task.on_behalf_of ?? 'nobody',
      when(task.ends_at, now),
      task.allow.map(permitText).join('; '),
      task.intent,
    ]),
    surface,
  )
}
