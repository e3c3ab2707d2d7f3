// Holds the limits: how much may happen within a time, added and removed by administrators, each change recorded.

import { uuidv7 } from '../../std/id.ts'
import type { JsonObject } from '../../std/json.ts'
import type { Limit, LimitOn } from '../../store/rows/limit.ts'
import type { Held } from '../../store/signed-table.ts'
import { isScopePattern } from '../../wire/scope.ts'
import { MOST_TIMES } from '../history/breaker.ts'
import type { Asked } from '../history/entry.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import type { Agents } from '../registry/agents.ts'
import type { People } from '../registry/people.ts'
import { Turns } from '../turns.ts'
import { limitFault } from './faults.ts'
import { Meter } from './meter.ts'

/** Limits in force at once: each may be looked at for every call. */
const MOST = 1_000

/** Limits that set a breaker count nothing themselves. */
const BREAKERS: readonly Limit['what'][] = ['denials', 'errors', 'identical']

/** What is asked for. */
export type LimitWish = Pick<Limit, 'on' | 'each' | 'what' | 'most' | 'per'>

/** Who adds or removes a limit, and why. */
export interface LimitWord {
  /** Person id. */
  readonly person: string
  readonly reason: string
}

/** What a limit is checked against. */
export interface LimitNouns {
  readonly agents: Pick<Agents, 'find'>
  readonly people: Pick<People, 'find'>
}

/** The limits in force. Reading is synchronous, from memory. */
export class Limits {
  readonly #ports: AuthorityPorts
  readonly #nouns: LimitNouns
  readonly #turns = new Turns()
  readonly #held = new Map<string, Held<Limit>>()
  readonly #meters = new Map<string, Meter>()
  /** Meters of limits on one agent, and those on whichever. */
  #byAgent = new Map<string, Meter[]>()
  #onAny: Meter[] = []
  #breakers: Limit[] = []

  private constructor(ports: AuthorityPorts, nouns: LimitNouns) {
    this.#ports = ports
    this.#nouns = nouns
  }

  /** Reads every limit that verifies and was not removed. */
  static async load(ports: AuthorityPorts, nouns: LimitNouns): Promise<Limits> {
    const limits = new Limits(ports, nouns)
    for (const held of await ports.store.limits.all({})) {
      if (held.doc.state === 'active') limits.#held.set(held.doc.id, held)
    }
    limits.#index()
    return limits
  }

  /** Limits in force, oldest first. */
  list(): readonly Limit[] {
    return [...this.#held.values()]
      .map(({ doc }) => doc)
      .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
  }

  /** A limit in force. Throws `limit.unknown`. */
  find(id: string): Limit {
    return this.#find(id).doc
  }

  /** How much of a limit is taken now. */
  use(id: string): ReturnType<Meter['use']> {
    return this.#meters.get(id)?.use(this.#ports.clock.now()) ?? []
  }

  /** The meter of a limit in force. */
  meter(id: string): Meter | undefined {
    return this.#meters.get(id)
  }

  /** The meters of every limit that is on a call. */
  on(asked: Asked): readonly Meter[] {
    if (this.#meters.size === 0) return NONE
    const found: Meter[] = []
    for (const meter of this.#onAny) if (meter.covers(asked)) found.push(meter)
    for (const [at, agent] of asked.agents.entries()) {
      // An agent that stands in a chain twice is one agent.
      if (asked.agents.indexOf(agent) !== at) continue
      for (const meter of this.#byAgent.get(agent) ?? []) if (meter.covers(asked)) found.push(meter)
    }
    return found
  }

  /** The bound that somebody set for the breaker of an agent: that agent's own before one for all. */
  breaker(what: 'denials' | 'errors' | 'identical', agent: string): number | undefined {
    const set = this.#breakers.filter((limit) => limit.what === what)
    const own = set.findLast(({ on }) => on.agent === agent)
    return (own ?? set.findLast(({ on }) => on.agent === undefined))?.most
  }

  /** Adds a limit, in force at once; it counts from now on. Throws `limit.invalid`, `limit.too_many`, `agent.unknown`, `person.unknown`. */
  add(wish: LimitWish, { person, reason }: LimitWord): Promise<Limit> {
    return this.#turns.run(async () => {
      const { clock, entropy, store } = this.#ports
      const why = checkedReason(reason)
      const wanted = this.#checked(wish)
      if (this.#held.size >= MOST) {
        throw limitFault('limit.too_many', `${MOST} limits are in force already`)
      }
      const doc: Limit = {
        ...wanted,
        id: uuidv7(clock, entropy),
        reason: why,
        person,
        at: clock.now(),
        state: 'active',
      }
      const receipt = await this.#append('limit.added', doc, { person, reason: why })
      this.#held.set(doc.id, await store.limits.insert(doc, receipt))
      this.#index()
      return doc
    })
  }

  /** Removes a limit. What it counted is gone: another one begins at nothing. Throws `limit.unknown`. */
  remove(id: string, { person, reason }: LimitWord): Promise<Limit> {
    return this.#turns.run(async () => {
      const why = checkedReason(reason)
      const held = this.#find(id)
      const removed = { person, reason: why, at: this.#ports.clock.now() }
      const doc: Limit = { ...held.doc, state: 'removed', removed }
      const receipt = await this.#append('limit.removed', doc, { person, reason: why })
      await this.#ports.store.limits.replace(held, doc, receipt)
      this.#held.delete(id)
      this.#index()
      return doc
    })
  }

  /** Drops counts in which nothing is left. */
  tidy(now: number): void {
    for (const meter of this.#meters.values()) meter.tidy(now)
  }

  #find(id: string): Held<Limit> {
    const held = this.#held.get(id)
    if (held === undefined) throw limitFault('limit.unknown', 'there is no such limit in force')
    return held
  }

  #checked({ on, each, what, most, per }: LimitWish): LimitWish {
    if (!Number.isSafeInteger(most) || most < 0) {
      throw limitFault('limit.invalid', 'a limit is a whole number below 2^53')
    }
    if ((what === 'concurrency') !== (per === undefined)) {
      throw limitFault('limit.invalid', 'all but concurrency is counted over a time')
    }
    if (on.action !== undefined && !isScopePattern(on.action)) {
      throw limitFault('limit.invalid', 'the action is not like system/action, system/* or *')
    }
    if (BREAKERS.includes(what)) {
      const { agent, ...rest } = on
      if (per !== 'minute' || each !== undefined || Object.keys(rest).length > 0) {
        throw limitFault('limit.invalid', `${what} are counted per minute, of one agent or of all`)
      }
      if (most > MOST_TIMES) {
        throw limitFault('limit.invalid', `a breaker trips at ${MOST_TIMES} at the latest`)
      }
      if (agent !== undefined) this.#nouns.agents.find(agent)
    }
    return {
      on: this.#named(on),
      what,
      most,
      ...(each !== undefined && { each }),
      ...(per !== undefined && { per }),
    }
  }

  #named({ agent, person, task, action }: LimitOn): LimitOn {
    return {
      ...(agent !== undefined && { agent: this.#nouns.agents.find(agent).name }),
      ...(person !== undefined && { person: this.#nouns.people.find(person).id }),
      ...(task !== undefined && { task }),
      ...(action !== undefined && { action }),
    }
  }

  #index(): void {
    this.#byAgent = new Map()
    this.#onAny = []
    this.#breakers = []
    for (const id of this.#meters.keys()) if (!this.#held.has(id)) this.#meters.delete(id)
    for (const doc of this.list()) {
      if (BREAKERS.includes(doc.what)) {
        this.#breakers.push(doc)
        continue
      }
      const meter = this.#meters.get(doc.id) ?? new Meter(doc)
      this.#meters.set(doc.id, meter)
      const { agent } = doc.on
      if (agent === undefined) this.#onAny.push(meter)
      else this.#byAgent.set(agent, [...(this.#byAgent.get(agent) ?? []), meter])
    }
  }

  #append(type: string, { id, on, each, what, most, per }: Limit, word: LimitWord) {
    const { person, reason } = word
    const body: JsonObject = {
      limit: id,
      on: { ...on },
      ...(each !== undefined && { each }),
      what,
      most,
      ...(per !== undefined && { per }),
      reason,
    }
    return this.#ports.audit.append({ type, phase: 'admin', person, body })
  }
}

const NONE: readonly Meter[] = Object.freeze([])
