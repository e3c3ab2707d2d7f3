// Holds what calls set off: declared by people with the pins, and learned from trace context that comes back.

import { Fault, faults } from '../../std/fault.ts'
import type { LearnedTrigger } from '../../store/rows/trigger.ts'
import type { Held } from '../../store/signed-table.ts'
import type { SystemDefinition } from '../../wire/system.ts'
import type { Span, TraceContext } from '../../wire/trace.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import type { Systems } from '../registry/systems.ts'
import { Turns } from '../turns.ts'
import { EFFECT_FAULTS } from './faults.ts'
import { EffectGraph, type SetOff } from './graph.ts'
import { Traces } from './traces.ts'

const fault = faults(EFFECT_FAULTS)

/** How long what was seen counts after it was seen last (ms). */
const KEPT_MS = 90 * 86_400_000

/** How often the row of something that goes on being seen is written again (ms). */
const REWRITTEN_MS = 86_400_000

/** Learned edges in all, and those from one action: what is beyond is refused, so that nothing that was learned is pushed out. */
const MAX_LEARNED = 4_096
const MAX_LEARNED_FROM = 64

/** What the effects are opened over. */
export interface EffectParts extends AuthorityPorts {
  readonly systems: Pick<Systems, 'list' | 'onChange'>
  readonly onTrouble: (trouble: Fault) => void
}

/** A call that goes out. */
interface SentCall {
  readonly id: string
  readonly system: string
  readonly action: string
}

interface Learned {
  trigger: LearnedTrigger
  /** As the database has it; undefined until it has. */
  held: Held<LearnedTrigger> | undefined
}

/** What calls set off. Reading is synchronous, from memory. */
export class Effects {
  readonly #parts: EffectParts
  readonly #graph = new EffectGraph()
  readonly #traces: Traces
  readonly #learned = new Map<string, Learned>()
  readonly #from = new Map<string, number>()
  readonly #turns = new Turns()

  private constructor(parts: EffectParts) {
    this.#parts = parts
    this.#traces = new Traces(parts.entropy)
    const put = (): void =>
      this.#graph.put(parts.systems.list().map(({ definition }): SystemDefinition => definition))
    put()
    parts.systems.onChange(put)
  }

  /** Reads what was learned and still counts. */
  static async load(parts: EffectParts): Promise<Effects> {
    const effects = new Effects(parts)
    const now = parts.clock.now()
    for (const held of await parts.store.triggers.all()) {
      if (held.doc.expiresAt > now) effects.#show({ trigger: held.doc, held })
    }
    return effects
  }

  /** What a call of an action would set off. */
  of(system: string, action: string): SetOff {
    return this.#graph.of(`${system}/${action}`)
  }

  /** What an action leads to at once. */
  next(system: string, action: string): readonly string[] {
    return this.#graph.next(`${system}/${action}`)
  }

  /** Begins the span of a call that goes out now, within the trace that it came in. The span is for the upstream and for nobody else. */
  sent(call: SentCall, within?: TraceContext): Span {
    const from = `${call.system}/${call.action}`
    return this.#traces.begin({ call: call.id, from }, this.#parts.clock.now(), within)
  }

  /**
   * Told of the trace context that a call, or an answer, comes with. Where a call of another action went out in it, that one leads here
   * from now on: shown in memory at once, written behind. A made-up trace is nothing. Returns the id of the call that set this one off.
   */
  arrived(at: TraceContext, system: string, action: string): string | undefined {
    const now = this.#parts.clock.now()
    const origin = this.#traces.origin(at, now)
    const to = `${system}/${action}`
    if (origin === undefined) return undefined
    if (origin.from !== to) this.#learn(origin.from, to, now)
    return origin.call
  }

  #learn(from: string, to: string, now: number): void {
    const known = this.#learned.get(`${from} ${to}`)
    if (known !== undefined) {
      const { trigger } = known
      known.trigger = { ...trigger, count: trigger.count + 1, lastSeen: now }
      return
    }
    const many = this.#from.get(from) ?? 0
    if (this.#learned.size >= MAX_LEARNED || many >= MAX_LEARNED_FROM) return
    const seen = { count: 1, firstSeen: now, lastSeen: now, expiresAt: now + KEPT_MS }
    const learned: Learned = { trigger: { from, to, ...seen }, held: undefined }
    this.#show(learned)
    this.#write(learned, 'trigger.learned')
  }

  /** What was learned, by its actions; also what people dismissed. */
  learned(): readonly LearnedTrigger[] {
    return [...this.#learned.values()]
      .map(({ trigger }) => trigger)
      .sort((a, b) => (`${a.from} ${a.to}` < `${b.from} ${b.to}` ? -1 : 1))
  }

  /** A person says that something learned is none: it no longer counts, until it would have expired. Throws `trigger.unknown`. */
  dismiss(
    { from, to }: { readonly from: string; readonly to: string },
    { person, reason }: { readonly person: string; readonly reason: string },
  ): Promise<LearnedTrigger> {
    const why = checkedReason(reason)
    return this.#turns.run(async () => {
      const { audit, clock, store } = this.#parts
      const learned = this.#learned.get(`${from} ${to}`)
      if (learned === undefined || learned.trigger.dismissed !== undefined) {
        throw fault('trigger.unknown', 'nothing of that kind was learned')
      }
      const now = clock.now()
      const receipt = await audit.append({
        type: 'trigger.dismissed',
        phase: 'admin',
        person,
        body: { from, to, reason: why },
      })
      const dismissed = { by: person, reason: why, at: now }
      const doc: LearnedTrigger = { ...learned.trigger, dismissed, expiresAt: now + KEPT_MS }
      learned.held =
        learned.held === undefined
          ? await store.triggers.insert(doc, receipt)
          : await store.triggers.replace(learned.held, doc, receipt)
      learned.trigger = doc
      this.#graph.unlearn(from, to)
      return doc
    })
  }

  /** Writes what went on being seen, and lets go of what has not been for long. */
  async sweep(): Promise<void> {
    const now = this.#parts.clock.now()
    for (const [key, learned] of this.#learned) {
      const { trigger, held } = learned
      const age = held === undefined ? Infinity : now - held.doc.lastSeen
      const newer = held === undefined || trigger.lastSeen > held.doc.lastSeen
      if (trigger.dismissed === undefined && newer && age >= REWRITTEN_MS) {
        learned.trigger = { ...trigger, expiresAt: trigger.lastSeen + KEPT_MS }
        this.#write(learned, held === undefined ? 'trigger.learned' : 'trigger.seen')
      }
      if (learned.trigger.expiresAt <= now) {
        this.#learned.delete(key)
        this.#from.set(trigger.from, (this.#from.get(trigger.from) ?? 1) - 1)
        this.#graph.unlearn(trigger.from, trigger.to)
      }
    }
    await this.#parts.store.triggers.prune('expires_at', now)
    await this.settled()
  }

  /** Resolves when everything that was learned so far is written. */
  settled(): Promise<void> {
    return this.#turns.run(() => Promise.resolve())
  }

  #show(learned: Learned): void {
    const { from, to, dismissed } = learned.trigger
    this.#learned.set(`${from} ${to}`, learned)
    this.#from.set(from, (this.#from.get(from) ?? 0) + 1)
    if (dismissed === undefined) this.#graph.learn(from, to)
  }

  /** Nobody waits for it: if it fails it is tried again with the next sweep, and if we crash here it is learned again when seen. */
  #write(learned: Learned, type: 'trigger.learned' | 'trigger.seen'): void {
    const { audit, store, onTrouble } = this.#parts
    const work = async (): Promise<void> => {
      const { trigger } = learned
      // Dismissed in the meantime: the person's word stands.
      if (trigger.dismissed !== undefined) return
      const { from, to, count, expiresAt } = trigger
      const receipt = await audit.append({
        type,
        phase: 'lifecycle',
        body: { from, to, count, expires_at: expiresAt },
      })
      learned.held =
        learned.held === undefined
          ? await store.triggers.insert(trigger, receipt)
          : await store.triggers.replace(learned.held, trigger, receipt)
    }
    this.#turns.run(work).catch((error: unknown) => {
      const why = 'what was learned is not written yet, and counts all the same'
      onTrouble(error instanceof Fault ? error : fault('trigger.unwritten', why, error))
    })
  }
}
