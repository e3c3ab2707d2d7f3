// Holds what a system asks back: each question a call whose principal is the system, decided before anybody hears it.

import { digest } from '../../std/bytes.ts'
import { canonicalJson, type JsonObject } from '../../std/json.ts'
import type { Actor } from '../../wire/actor.ts'
import type { Decision } from '../../wire/decision.ts'
import type { SystemDefinition } from '../../wire/system.ts'
import type { Equipment } from '../equipment.ts'
import { gatewayFault } from '../faults.ts'
import { screened } from '../inspect/screen.ts'
import { personOf } from '../person.ts'
import type { Ports } from '../ports.ts'
import { actorFacts } from '../steps/04-decide.ts'
import { decisionBody } from '../steps/06-record.ts'
import { addressProblem } from './asked-address.ts'
import type { AskAnswer, AskRequests, Front } from './front.ts'

/** Refusals of one conversation that are recorded one by one; a flood beyond them is only counted. */
const REFUSALS_RECORDED = 20

/** What may be asked at all, whatever policy says. */
const ASKABLE: ReadonlySet<string> = new Set([
  'elicitation/create',
  'sampling/createMessage',
  'roots/list',
])

const NOTHING: ReadonlySet<string> = new Set()

/** What deciding a question needs. */
export type AskPorts = Pick<
  Ports,
  'policy' | 'systems' | 'audit' | 'clock' | 'watch' | 'locks' | 'commitments'
>

/** The questions of one system to one caller. Owned by their conversation. */
export class Asks {
  readonly #ports: AskPorts
  readonly #system: SystemDefinition
  readonly #actor: Actor
  #refused = 0

  constructor(ports: AskPorts, system: SystemDefinition, actor: Actor) {
    this.#ports = ports
    this.#system = system
    this.#actor = actor
  }

  /**
   * Decides every question, records it, and passes on what may be asked; denied unless policy names the system (DESIGN §2). Rejects with
   * `upstream.asks_input` where one of them is denied or nobody is there: then none of them is asked. `secrets` are taken out of what is
   * shown.
   */
  async put(
    requests: AskRequests,
    front: Front | undefined,
    signal: AbortSignal,
    secrets: Equipment['secrets'],
  ): Promise<Readonly<Record<string, AskAnswer | undefined>>> {
    const shown: Record<string, { method: string; params: JsonObject }> = {}
    for (const [key, request] of Object.entries(requests)) {
      const params = screened(await this.#decided(request, front), secrets)
      shown[key] = { method: request.method, params }
    }
    if (front === undefined)
      throw gatewayFault('upstream.asks_input', 'nobody is there to be asked')
    const answers = await front.ask(shown, signal)
    for (const [key, { method }] of Object.entries(shown)) this.#told(method, answers[key])
    return answers
  }

  /** What may be shown of a question. Throws where it may not be asked. */
  async #decided(
    { method, params }: AskRequests[string],
    front: Front | undefined,
  ): Promise<JsonObject> {
    const action = this.#system.actions.find(({ name }) => name === method)
    if (!ASKABLE.has(method) || action === undefined) {
      return this.#refuse(method, 'it is nothing that a system may ask for', undefined)
    }
    const { policy, systems, clock, locks } = this.#ports
    const lock = locks.find(this.#actor, this.#system.name, method)
    if (lock !== undefined) return this.#refuse(method, `${lock.target} is locked`, undefined)
    const decision = policy.decide({
      ...actorFacts(this.#actor, this.#system.name, systems),
      asking: true,
      system: this.#system.name,
      action: method,
      input: params,
      effects: action.effects,
      now: clock.now(),
      setAside: NOTHING,
    })
    if (decision.answer !== 'allow') {
      return this.#refuse(method, 'no policy lets this system ask for it', decision)
    }
    const problem =
      method === 'elicitation/create' ? addressProblem(params, this.#system) : undefined
    if (problem !== undefined) return this.#refuse(method, problem, decision)
    if (front === undefined) return this.#refuse(method, 'nobody is there to be asked', decision)
    await this.#record('system.asked', method, {
      params: this.#digest(params),
      decision: decisionBody(decision),
    })
    return method === 'roots/list' ? params : named(params, this.#system.name)
  }

  async #refuse(method: string, reason: string, decision: Decision | undefined): Promise<never> {
    this.#refused++
    if (this.#refused <= REFUSALS_RECORDED) {
      const more = this.#refused === REFUSALS_RECORDED
      try {
        await this.#record('call.denied', method, {
          code: 'policy.denied',
          reason,
          ...(decision !== undefined && { decision: decisionBody(decision) }),
          more_not_recorded: more,
        })
      } catch (error) {
        this.#ports.watch.note('record failed', {
          what: 'question of a system',
          error: String(error),
        })
      }
    }
    throw gatewayFault(
      'upstream.asks_input',
      `the system asks for ${method.slice(0, 64)}: ${reason}`,
    )
  }

  #told(method: string, answer: AskAnswer | undefined): void {
    if (answer === undefined) return
    const { action } = answer.kind === 'result' ? answer.result : { action: 'error' }
    const status = typeof action === 'string' ? action.slice(0, 32) : answer.kind
    this.#record('system.answered', method, { status }).catch((error: unknown) => {
      this.#ports.watch.note('record failed', { what: 'answer to a system', error: String(error) })
    })
  }

  #record(type: string, method: string, body: JsonObject): Promise<unknown> {
    const { agent, instance } = this.#actor
    const { name: system } = this.#system
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

  #digest(params: JsonObject): string {
    return this.#ports.commitments.commit(digest(canonicalJson(params)), personOf(this.#actor))
  }
}

/** A question says whose it is, in front of its own words: it never has our look. */
function named(params: JsonObject, system: string): JsonObject {
  const { message } = params
  if (typeof message !== 'string') return params
  return { ...params, message: `The system "${system}" asks (not Bailiwick): ${message}` }
}
