// Holds what a system asks back: each question a call whose principal is the system, decided before anybody hears it.

import type { JsonObject } from '../../std/json.ts'
import type { Actor } from '../../wire/actor.ts'
import type { SystemDefinition } from '../../wire/system.ts'
import type { Equipment } from '../equipment.ts'
import { gatewayFault } from '../faults.ts'
import { screened } from '../inspect/screen.ts'
import type { SurfacePorts } from '../ports.ts'
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

/** What deciding a question needs. */
export type AskPorts = Pick<SurfacePorts, 'asks'>

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
    const system = this.#system
    const last = this.#refused + 1 === REFUSALS_RECORDED
    const unrecorded = this.#refused >= REFUSALS_RECORDED
    const problem = this.#problem(method, params, front)
    const question = { method, params, last, unrecorded, ...(problem !== undefined && { problem }) }
    const reason = await this.#ports.asks.refuses(this.#actor, system, question)
    if (reason === undefined) return method === 'roots/list' ? params : named(params, system.name)
    this.#refused++
    throw gatewayFault(
      'upstream.asks_input',
      `the system asks for ${method.slice(0, 64)}: ${reason}`,
    )
  }

  /** Why nobody could be shown it, whatever policy says. */
  #problem(method: string, params: JsonObject, front: Front | undefined): string | undefined {
    const known = this.#system.actions.some(({ name }) => name === method)
    if (!ASKABLE.has(method) || !known) return 'it is nothing that a system may ask for'
    const address =
      method === 'elicitation/create' ? addressProblem(params, this.#system) : undefined
    return address ?? (front === undefined ? 'nobody is there to be asked' : undefined)
  }

  #told(method: string, answer: AskAnswer | undefined): void {
    if (answer === undefined) return
    const { action } = answer.kind === 'result' ? answer.result : { action: 'error' }
    const status = typeof action === 'string' ? action.slice(0, 32) : answer.kind
    this.#ports.asks.answered(this.#actor, this.#system, method, status)
  }
}

/** A question says whose it is, in front of its own words: it never has our look. */
function named(params: JsonObject, system: string): JsonObject {
  const { message } = params
  if (typeof message !== 'string') return params
  return { ...params, message: `The system "${system}" asks (not Bailiwick): ${message}` }
}
