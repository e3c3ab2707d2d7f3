// Holds the history of lineages, the use of tasks and the counts of limits: asked, reserved and told in one turn, derived from records.

import type { Actor } from '../../wire/actor.ts'
import type { HistoryFacts } from '../../wire/history.ts'
import type { Measured, Reservation, Spent } from '../../wire/reserve.ts'
import type { Limits } from '../limits/limits.ts'
import type { Meter } from '../limits/meter.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import type { Agents } from '../registry/agents.ts'
import type { Tasks } from '../tasks/tasks.ts'
import { Turns } from '../turns.ts'
import { Breakers } from './breaker.ts'
import { askedBy, lineageOf, usedBy, type Asked, type Used } from './entry.ts'
import { Keeper } from './keeper.ts'
import { Lineage } from './lineage.ts'
import { restore, type HistoryLog, type Restored } from './restore.ts'
import { Tallies } from './tallies.ts'
import type { TaskUsed } from './task-use.ts'

/** A call before it runs: who, what, and what it would use up. */
export interface Reserving {
  readonly actor: Actor
  readonly system: string
  readonly action: string
  readonly measured: Measured
}

/** What the history is opened over. */
export interface HistoryParts extends AuthorityPorts {
  readonly limits: Limits
  readonly tasks: Pick<Tasks, 'list' | 'onEnd'>
  readonly agents: Pick<Agents, 'onChange' | 'find'>
}

/** What one lineage of an agent is, for people. */
export interface LineageView {
  /** Person id; `unattended` where nobody is behind it. */
  readonly person: string
  readonly facts: HistoryFacts
}

/**
 * The history. Asking and reserving are synchronous, from memory, so that nothing comes between them: within one gateway no two
 * calls are ever given the same remainder. What is reserved stands in the intent record before the call runs, and the records are
 * the truth: after a crash they are read again, and what was reserved stays used up whatever became of the call, since it may have
 * been done.
 */
export class History {
  readonly #parts: HistoryParts
  readonly #tallies = new Tallies()
  readonly #keeper: Keeper
  readonly #turns = new Turns()
  /** Trips when a lineage is refused, fails or repeats itself too often. */
  readonly breakers: Breakers

  /** Empty until `restore`. */
  constructor(parts: HistoryParts) {
    this.#parts = parts
    this.breakers = new Breakers(parts.limits)
    this.#keeper = new Keeper(parts, this.#tallies, this.#turns, (now) => this.breakers.tidy(now))
    parts.tasks.onEnd((task) => this.#tallies.endTask(task))
    parts.agents.onChange(({ name, state }) => this.breakers.changed(name, state === 'active'))
  }

  /** Reads what was used up: the newest snapshot, and every record since. Before anything is served. */
  async restore(log: HistoryLog): Promise<Restored> {
    const { clock, limits, tasks } = this.#parts
    const rows = await this.#keeper.load()
    return restore({ log, limits, tasks, tallies: this.#tallies, rows, now: clock.now() })
  }

  /** What policy sees of the lineage before a call; what runs already is part of it. */
  facts(actor: Actor, system: string, action: string): HistoryFacts {
    const now = this.#parts.clock.now()
    const asked = askedBy(actor, system, action)
    const lineage = this.#tallies.lineages.get(lineageOf(asked)) ?? NOTHING
    return lineage.facts(`${system}/${action}`, now)
  }

  /** The same for a call that nobody makes: of the agent at the head of a chain, for a person or for nobody. */
  seen(
    whose: { readonly agent: string; readonly person?: string },
    system: string,
    action: string,
  ): HistoryFacts {
    const { agent, person = '' } = whose
    const key = lineageOf({ agents: [agent], person, system, action })
    const lineage = this.#tallies.lineages.get(key) ?? NOTHING
    return lineage.facts(`${system}/${action}`, this.#parts.clock.now())
  }

  /** Why a call would be refused for what it uses up; nothing is taken. */
  check({ actor, system, action, measured }: Reserving): Spent | undefined {
    const asked = askedBy(actor, system, action)
    return this.#refuses(actor, asked, usedBy(measured), measured, this.#parts.limits.on(asked))
  }

  /** Takes what a call uses up, or says why it cannot have it. The intent has to be recorded in the same turn. */
  reserve({ actor, system, action, measured }: Reserving): Reservation | Spent {
    const { clock, limits } = this.#parts
    const asked = askedBy(actor, system, action)
    const used = usedBy(measured)
    const meters = limits.on(asked)
    const refused = this.#refuses(actor, asked, used, measured, meters)
    if (refused !== undefined) return refused
    const now = clock.now()
    const back = this.#tallies.reserve(asked, used, now)
    const ends: (() => void)[] = []
    for (const meter of meters) {
      const undo = this.#take(meter, asked, used, now)
      if (undo !== undefined) (meter.limit.per === undefined ? ends : back).push(undo)
    }
    if (measured.writes) this.breakers.called(asked, measured.arguments, actor.instance, now)
    return reservation(back, ends)
  }

  /** Counts a refusal; its record is written in the same turn. */
  denied(actor: Actor, system: string, action: string): void {
    const asked = askedBy(actor, system, action)
    const now = this.#parts.clock.now()
    this.#tallies.denied(asked, now)
    this.breakers.denied(asked, actor.instance, now)
  }

  /** Counts a failure at the system; its record is written in the same turn. */
  failed(actor: Actor, system: string, action: string): void {
    const asked = askedBy(actor, system, action)
    const now = this.#parts.clock.now()
    this.#tallies.failed(asked, now)
    this.breakers.failed(asked, actor.instance, now)
  }

  /** Takes up the labels of an answer that the lineage was given; its record is written in the same turn. */
  labelled(actor: Actor, labels: readonly string[]): void {
    this.#tallies.labelled(askedBy(actor, '', ''), labels, this.#parts.clock.now())
  }

  /** What a task has used up of its budget. */
  usedBy(task: string): TaskUsed | undefined {
    return this.#tallies.tasks.get(task)?.used
  }

  /** Every lineage of an agent, by person. Throws `agent.unknown`. */
  of(agent: string): readonly LineageView[] {
    const { name } = this.#parts.agents.find(agent)
    const now = this.#parts.clock.now()
    return this.#tallies
      .lineagesOf(name)
      .map(([person, lineage]) => ({ person, facts: lineage.facts('', now) }))
  }

  /**
   * Takes labels off every lineage of an agent: a person says that what it read is no longer with it. Recorded first; labels that are
   * taken up meanwhile stay. Returns those that were there. Throws `agent.unknown`, `reason.required`.
   */
  clear(
    agent: string,
    of: { readonly label?: string; readonly person: string; readonly reason: string },
  ): Promise<readonly string[]> {
    return this.#turns.run(async () => {
      const { audit, agents, clock } = this.#parts
      const { name } = agents.find(agent)
      const reason = checkedReason(of.reason)
      const { label, person } = of
      const now = clock.now()
      const carried = this.#tallies
        .lineagesOf(name)
        .map(([, lineage]) => ({ lineage, labels: lineage.carried(label, now) }))
      const labels = [...new Set(carried.flatMap((one) => one.labels.map(([text]) => text)))].sort()
      await audit.append({
        type: 'history.cleared',
        phase: 'admin',
        person,
        agent: name,
        body: { ...(label !== undefined && { label }), labels, reason },
      })
      for (const one of carried) one.lineage.drop(one.labels)
      this.#tallies.touchAgent(name)
      return labels
    })
  }

  /** Writes snapshots when it is time, and drops what nothing is left of. Asked for every second or so. */
  async sweep(): Promise<void> {
    await this.#keeper.sweep()
  }

  /** Writes a snapshot now. */
  async keep(): Promise<void> {
    await this.#keeper.keep()
  }

  /** Resolves when what is being written is written. */
  async settled(): Promise<void> {
    await this.#turns.run(() => Promise.resolve())
  }

  #refuses(
    { task }: Actor,
    asked: Asked,
    used: Used,
    { unmeasured }: Measured,
    meters: readonly Meter[],
  ): Spent | undefined {
    const now = this.#parts.clock.now()
    if (this.breakers.isOpen(asked.agents[0] ?? '')) return TRIPPED
    const lineage = this.#tallies.lineages.get(lineageOf(asked))
    if (lineage?.overflows(used, now) === true) return UNCOUNTABLE
    if (task !== undefined) {
      const refused = this.#tallies.task(task.id).refuses(task.budget, used, unmeasured, now)
      if (refused !== undefined) return refused
    }
    for (const meter of meters) {
      const refused = meter.refuses(meter.keyOf(asked), used, unmeasured, now)
      if (refused !== undefined) return refused
    }
    return undefined
  }

  #take(meter: Meter, asked: Asked, used: Used, now: number): (() => void) | undefined {
    const key = meter.keyOf(asked)
    this.#tallies.touchLimit(meter.limit.id, key, now + meter.keptMs)
    return meter.take(key, used, now)
  }
}

const NOTHING = new Lineage()

const TRIPPED: Spent = {
  spent: true,
  code: 'reserve.breaker',
  detail: 'a circuit breaker of this agent has tripped',
}

const UNCOUNTABLE: Spent = {
  spent: true,
  code: 'reserve.bad_measure',
  detail: 'with this call more would be used up than can be counted',
}

function reservation(back: (() => void)[], ends: (() => void)[]): Reservation {
  return {
    giveBack: () => {
      for (const undo of back.splice(0)) undo()
    },
    end: () => {
      for (const undo of ends.splice(0)) undo()
    },
  }
}
