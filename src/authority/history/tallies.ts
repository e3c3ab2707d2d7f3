// Holds every counter in memory, by what it counts for, and which of them changed since they were written.

import { Lineage } from './lineage.ts'
import { lineageOf, type Asked, type Used } from './entry.ts'
import { TaskUse } from './task-use.ts'

/** Counters that changed, by the id of their row, with the time until which a limit's says something. */
type Touched = Map<string, number>

/** The counters of lineages and tasks. Limits hold their own; which of those changed is noted here. */
export class Tallies {
  readonly lineages = new Map<string, Lineage>()
  readonly tasks = new Map<string, TaskUse>()
  #touched: Touched = new Map()
  #entries = 0

  /** How much was counted since `takeTouched` was asked last. */
  get entries(): number {
    return this.#entries
  }

  lineage(key: string): Lineage {
    let lineage = this.lineages.get(key)
    if (lineage === undefined) {
      lineage = new Lineage()
      this.lineages.set(key, lineage)
    }
    return lineage
  }

  /** Lineages of an agent at the head, by person. */
  lineagesOf(agent: string): readonly (readonly [string, Lineage])[] {
    const prefix = `${agent} `
    return [...this.lineages]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, lineage]) => [key.slice(prefix.length), lineage])
  }

  task(id: string): TaskUse {
    let use = this.tasks.get(id)
    if (use === undefined) {
      use = new TaskUse()
      this.tasks.set(id, use)
    }
    return use
  }

  /** The task has ended: nothing is ever compared with what it used again. */
  endTask(id: string): void {
    this.tasks.delete(id)
  }

  /** Counts a call for its lineage and its task. Returns the ways to give it back. */
  reserve(asked: Asked, used: Used, now: number): (() => void)[] {
    const undo = [this.reserveLineage(asked, used, now)]
    if (asked.task !== undefined) undo.push(this.reserveTask(asked.task, used, now))
    return undo
  }

  reserveLineage(asked: Asked, used: Used, now: number): () => void {
    return this.#touch(asked).reserve(`${asked.system}/${asked.action}`, used, now)
  }

  reserveTask(task: string, used: Used, now: number): () => void {
    this.#touched.set(`task ${task}`, 0)
    return this.task(task).take(used, now)
  }

  denied(asked: Asked, now: number): void {
    this.#touch(asked).denied(now)
  }

  failed(asked: Asked, now: number): void {
    this.#touch(asked).failed(now)
  }

  labelled(asked: Asked, labels: readonly string[], now: number): void {
    this.#touch(asked).labelled(labels, now)
  }

  touchAgent(agent: string): void {
    for (const [person, lineage] of this.lineagesOf(agent)) {
      lineage.touched = true
      this.#touched.set(`lineage ${agent} ${person}`, 0)
    }
  }

  touchLimit(id: string, key: string, until: number): void {
    this.#touched.set(`limit ${id} ${key}`, until)
  }

  /** What changed since this was asked last; the caller writes it, or puts it back with `again`. */
  takeTouched(): Touched {
    const touched = this.#touched
    this.#touched = new Map()
    for (const lineage of this.lineages.values()) lineage.touched = false
    this.#entries = 0
    return touched
  }

  again(id: string, until: number): void {
    if (!this.#touched.has(id)) this.#touched.set(id, until)
  }

  #touch(asked: Asked): Lineage {
    this.#entries += 1
    const key = lineageOf(asked)
    const lineage = this.lineage(key)
    if (!lineage.touched) {
      lineage.touched = true
      this.#touched.set(`lineage ${key}`, 0)
    }
    return lineage
  }
}
