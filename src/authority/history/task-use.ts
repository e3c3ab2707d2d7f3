// Holds what a task has used up of its budget, and whether a call still fits into it.

import type { Spent } from '../../wire/reserve.ts'
import type { TaskBudget } from '../../wire/task.ts'
import type { Used } from './entry.ts'

/** What a task has used up. Integers; `firstAt` is when its first call was reserved, ms since the epoch. */
export interface TaskUsed {
  readonly calls: number
  readonly writes: number
  readonly money: number
  readonly bytes: number
  readonly firstAt?: number
}

/** In the order in which they are looked at, with the words for one and for many. */
const KINDS = [
  ['calls', 'calls'],
  ['writes', 'calls that write'],
  ['money', 'units of money'],
  ['bytes', 'bytes'],
] as const

const NOTHING: TaskUsed = { calls: 0, writes: 0, money: 0, bytes: 0 }

/** The use of one task. It is never given back but for a call whose intent could not be recorded. */
export class TaskUse {
  #used: TaskUsed = NOTHING

  get used(): TaskUsed {
    return this.#used
  }

  /** Why a call does not fit into what is left; undefined where it does. Waiting never helps. */
  refuses(budget: TaskBudget, used: Used, unmeasured: boolean, now: number): Spent | undefined {
    const { minutes } = budget
    const { firstAt } = this.#used
    if (minutes !== undefined && firstAt !== undefined && now >= firstAt + minutes * 60_000) {
      return spent(`the ${minutes} minutes of the task are over`)
    }
    if (budget.money !== undefined && unmeasured) {
      return {
        spent: true,
        code: 'reserve.bad_measure',
        detail: 'the task has a budget of money, and nothing says how much this action spends',
      }
    }
    const wanted = { ...used, calls: 1, writes: used.writes ? 1 : 0 }
    for (const [kind, words] of KINDS) {
      const most = budget[kind]
      // What is taken already and what is wanted are below 2^53 each, so their sum may not be: both sides are exact this way.
      if (most !== undefined && wanted[kind] > 0 && wanted[kind] > most - this.#used[kind]) {
        return spent(
          `of the ${most} ${words} of the task ${Math.max(0, most - this.#used[kind])} are left`,
        )
      }
    }
    return undefined
  }

  /** Takes a call's part. Returns the way to give it back. */
  take({ writes, money, bytes }: Used, now: number): () => void {
    const write = writes ? 1 : 0
    const add = (by: 1 | -1): void => {
      const { calls, writes: before, ...rest } = this.#used
      this.#used = {
        ...rest,
        calls: calls + by,
        writes: before + by * write,
        money: sum(rest.money, by * money),
        bytes: sum(rest.bytes, by * bytes),
        firstAt: rest.firstAt ?? now,
      }
    }
    add(1)
    return () => add(-1)
  }

  load(used: TaskUsed): void {
    this.#used = used
  }
}

/** Where nothing bounds it, the use of a task saturates: it is told, and never compared. */
function sum(a: number, b: number): number {
  return Math.min(a + b, Number.MAX_SAFE_INTEGER)
}

function spent(detail: string): Spent {
  return { spent: true, code: 'reserve.budget_spent', detail }
}
