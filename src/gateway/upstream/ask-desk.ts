// Holds the deciding of what systems ask back: locks and policy with the system as the principal, and a record before anybody hears it.

import { digest } from '../../std/bytes.ts'
import { canonicalJson, type JsonObject } from '../../std/json.ts'
import type { Actor } from '../../wire/actor.ts'
import type { SystemDefinition } from '../../wire/system.ts'
import { personOf } from '../person.ts'
import type { AskPort, Ports, SystemQuestion } from '../ports.ts'
import { actorFacts } from '../steps/04-decide.ts'
import { decisionBody } from '../steps/06-record.ts'

/** What deciding a question needs. */
export type AskDeskPorts = Pick<
  Ports,
  'policy' | 'systems' | 'audit' | 'clock' | 'watch' | 'locks' | 'commitments'
>

const NOTHING: ReadonlySet<string> = new Set()

/** Fills the port in this process. */
export class AskDesk implements AskPort {
  readonly #ports: AskDeskPorts

  constructor(ports: AskDeskPorts) {
    this.#ports = ports
  }

  async refuses(
    actor: Actor,
    system: SystemDefinition,
    question: SystemQuestion,
  ): Promise<string | undefined> {
    const { method, params, problem } = question
    const of = { actor, system: system.name, method }
    const lock = this.#ports.locks.find(actor, system.name, method)
    if (lock !== undefined) return this.#refuse(of, question, `${lock.target} is locked`, {})
    const action = system.actions.find(({ name }) => name === method)
    if (action === undefined) {
      return this.#refuse(of, question, problem ?? 'it is nothing that this system may ask for', {})
    }
    const { policy, systems, clock, commitments } = this.#ports
    const decision = policy.decide({
      ...actorFacts(actor, system.name, systems),
      asking: true,
      system: system.name,
      action: method,
      input: params,
      effects: action.effects,
      now: clock.now(),
      setAside: NOTHING,
    })
    const decided = { decision: decisionBody(decision) }
    if (decision.answer !== 'allow') {
      return this.#refuse(of, question, 'no policy lets this system ask for it', decided)
    }
    if (problem !== undefined) return this.#refuse(of, question, problem, decided)
    const asked = commitments.commit(digest(canonicalJson(params)), personOf(actor))
    await this.#record('system.asked', of, { params: asked, ...decided })
    return undefined
  }

  answered(actor: Actor, system: SystemDefinition, method: string, status: string): void {
    const of = { actor, system: system.name, method }
    this.#record('system.answered', of, { status }).catch((error: unknown) => {
      this.#ports.watch.note('record failed', { what: 'answer to a system', error: String(error) })
    })
  }

  async #refuse(
    of: Asking,
    { last, unrecorded }: SystemQuestion,
    reason: string,
    facts: JsonObject,
  ): Promise<string> {
    if (unrecorded) return reason
    const body = { code: 'policy.denied', reason, ...facts, more_not_recorded: last }
    try {
      await this.#record('call.denied', of, body)
    } catch (error) {
      this.#ports.watch.note('record failed', {
        what: 'question of a system',
        error: String(error),
      })
    }
    return reason
  }

  #record(type: string, { actor, system, method }: Asking, body: JsonObject): Promise<unknown> {
    const { agent, instance } = actor
    return this.#ports.audit.append({
      type,
      phase: 'decision',
      agent,
      instance,
      system,
      action: method.slice(0, 128),
      body: { principal: `system ${system}`, method: method.slice(0, 128), ...body },
    })
  }
}

interface Asking {
  readonly actor: Actor
  readonly system: string
  readonly method: string
}
