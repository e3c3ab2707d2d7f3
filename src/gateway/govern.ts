// Holds the spine: every way in hands its call to `govern`, and the steps run in the order of their names.

import { publicFault } from '../std/fault.ts'
import { uuidv7 } from '../std/id.ts'
import type { JsonObject } from '../std/json.ts'
import type { Actor } from '../wire/actor.ts'
import type { Decision, DecisionRequest } from '../wire/decision.ts'
import type { RpcError } from '../wire/mcp.ts'
import type { Call, CallRequest } from './call.ts'
import { deny, isDenial, type Denial } from './denial.ts'
import { Flights } from './flights.ts'
import type { ApprovalView, Ports } from './ports.ts'
import { authenticate } from './steps/01-authenticate.ts'
import { admit } from './steps/02-admit.ts'
import { resolve, type Resolved } from './steps/03-resolve.ts'
import { decide, denied } from './steps/04-decide.ts'
import { checkScope } from './steps/04-scope.ts'
import { checkTask } from './steps/04-task.ts'
import { callDigest, gate, type Held } from './steps/05-gate.ts'
import { record } from './steps/06-record.ts'
import { equip } from './steps/07-equip.ts'
import { execute } from './steps/08-execute.ts'
import { cutSecrets, inspect, secretForms } from './steps/09-inspect.ts'
import { conclude, concludeDenied, type OutcomeStatus } from './steps/10-conclude.ts'
import type { UpstreamPool } from './upstream/pool.ts'

/** What became of a call. Every member is a value; `govern` never throws. */
export type Conclusion =
  | { readonly kind: 'result'; readonly call: string; readonly result: JsonObject }
  | { readonly kind: 'error'; readonly call: string; readonly error: RpcError }
  | { readonly kind: 'denied'; readonly call: string; readonly denial: Denial }
  | { readonly kind: 'held'; readonly call: string; readonly held: Held }

/** What the first four steps found. */
interface Decided {
  readonly actor: Actor
  readonly resolved: Resolved
  /** What the decision was taken from. */
  readonly asked: DecisionRequest
  readonly decision: Decision
}

const NOTHING: ReadonlySet<string> = new Set()

/** The spine with what it holds while calls run. */
export class Governor {
  readonly #ports: Ports
  readonly #pool: UpstreamPool
  readonly flights: Flights

  constructor(ports: Ports, pool: UpstreamPool) {
    this.#ports = ports
    this.#pool = pool
    this.flights = new Flights(ports, pool)
  }

  /** Governs one call from its credential to its outcome. */
  async govern(request: CallRequest): Promise<Conclusion> {
    const ports = this.#ports
    const id = uuidv7(ports.clock, ports.entropy)
    const began = ports.clock.monotonic()
    const seen: { actor?: Actor; decision?: Decision } = {}
    try {
      const actor = authenticate(request.presented, ports)
      // Nobody stands behind this call: it is counted, not recorded one by one.
      if (isDenial(actor)) {
        if (actor.of === undefined) return { kind: 'denied', call: id, denial: actor }
        return await this.#refuse({ id, request, began, actor: actor.of }, actor, undefined)
      }
      seen.actor = actor
      const flight = this.flights.take(actor, request)
      if (isDenial(flight))
        return await this.#refuse({ id, request, began, ...seen }, flight, undefined)
      try {
        return await this.#run(id, began, request, seen)
      } finally {
        flight.land()
      }
    } catch (error) {
      const fault = publicFault(error)
      ports.watch.note('call failed inside', { call: id, code: fault.code, error: String(error) })
      const denial: Denial = { denied: true, ...fault }
      return this.#refuse({ id, request, began, ...seen }, denial, seen.decision)
    }
  }

  async #run(
    id: string,
    began: number,
    request: CallRequest,
    seen: { actor?: Actor; decision?: Decision },
  ): Promise<Conclusion> {
    // Nothing was waited for since it was authenticated: the same answer would come back.
    let decided = this.#decide(request, NOTHING, seen.actor)
    const refuse = (denial: Denial): Promise<Conclusion> =>
      this.#refuse({ id, request, began, ...seen }, denial, seen.decision)
    if (isDenial(decided)) return refuse(decided)
    this.#ports.traffic.keep(id, decided.asked, decided.decision)
    if (request.trace !== undefined) {
      this.#ports.effects.arrived(request.trace, request.system, request.action)
    }
    seen.decision = decided.decision
    let approval: ApprovalView | undefined
    if (decided.decision.answer === 'hold') {
      const { actor, resolved, decision } = decided
      const gated = await gate({ id, actor, request }, resolved, decision, this.#ports)
      if (isDenial(gated)) return refuse(gated)
      if ('held' in gated) return { kind: 'held', call: id, held: gated }
      approval = gated
      const again = await this.#decideAgain(request, approval, decided)
      if (isDenial(again)) return refuse(again)
      decided = again
      seen.decision = decided.decision
    }
    if (decided.decision.answer !== 'allow') {
      return refuse(denied(decided, request, this.#ports))
    }
    const { actor, resolved, decision } = decided
    const call: Call = {
      id,
      request,
      began,
      actor,
      ...resolved,
      decision,
      ...(approval !== undefined && { approval }),
    }
    return this.#perform(call)
  }

  /** Steps one to four, on what is true now. */
  #decide(
    request: CallRequest,
    setAside: ReadonlySet<string>,
    authenticated?: Actor,
  ): Decided | Denial {
    const ports = this.#ports
    const actor = authenticated ?? authenticate(request.presented, ports)
    if (isDenial(actor)) return actor
    const refused = admit(actor, request.system, request.action, ports)
    if (refused !== undefined) return refused
    const resolved = resolve(request.system, request.action, request.input, ports)
    if (isDenial(resolved)) return resolved
    const outside = checkScope(actor, resolved.system.name, resolved.action.name)
    if (outside !== undefined) return outside
    const taskless = checkTask(actor)
    if (taskless !== undefined) return taskless
    return { actor, resolved, ...decide(actor, resolved, request, setAside, ports) }
  }

  /** After the wait everything is asked again, and the approval is used up before the call may go on. */
  async #decideAgain(
    request: CallRequest,
    approval: ApprovalView,
    asked: Decided,
  ): Promise<Decided | Denial> {
    const ports = this.#ports
    const setAside = new Set(approval.setAside)
    const before = this.#decide(request, setAside)
    if (isDenial(before)) return before
    if (before.actor.task?.id !== asked.actor.task?.id) {
      return deny('approval.void', 'it works on something else since the wait began')
    }
    if (before.decision.answer !== 'allow') {
      return deny('approval.void', `policy changed during the wait: ${before.decision.reason}`)
    }
    if (before.resolved.action.digest !== asked.resolved.action.digest) {
      return deny('approval.void', 'the definition of the action changed during the wait')
    }
    const digest = callDigest(asked.actor, asked.resolved, asked.decision, request, ports)
    if (!(await ports.approvals.consume(approval.id, digest))) {
      return deny('approval.void', 'the approval was used up, or ended, in the meantime')
    }
    // Using it up took time: what a lock or a policy said meanwhile counts.
    return this.#decide(request, setAside)
  }

  /** Steps six to ten. */
  async #perform(call: Call): Promise<Conclusion> {
    const ports = this.#ports
    const intent = await record(call, ports)
    if (isDenial(intent)) return { kind: 'denied', call: call.id, denial: intent }
    call.intent = intent
    const stop = (denial: Denial): Conclusion => {
      conclude(call, 'not_executed', { code: denial.code, reason: denial.detail }, ports)
      return { kind: 'denied', call: call.id, denial }
    }
    const session = await equip(call, this.#pool)
    if (isDenial(session)) return stop(session)
    const secrets = ports.secrets.open(call.system.name)
    const answer = await execute(withoutSecrets(call, secrets), session, ports)
    if (isDenial(answer)) return stop(answer)
    if ('unanswered' in answer) {
      const status = statusOf(answer.code)
      conclude(
        call,
        status,
        { code: answer.code, reason: answer.detail, executed: 'unknown' },
        ports,
      )
      const { code, detail, next } = answer
      return { kind: 'denied', call: call.id, denial: { denied: true, code, detail, next } }
    }
    const clean = inspect(answer, secrets)
    if (isDenial(clean)) {
      conclude(call, 'upstream_error', { code: clean.code, executed: 'unknown' }, ports)
      return { kind: 'denied', call: call.id, denial: clean }
    }
    if (clean.kind === 'error') {
      conclude(call, 'upstream_error', { rpc_code: clean.error.code, executed: 'unknown' }, ports)
      return { kind: 'error', call: call.id, error: clean.error }
    }
    const failed = clean.result['isError'] === true
    conclude(call, failed ? 'tool_error' : 'ok', { executed: 'yes' }, ports)
    return { kind: 'result', call: call.id, result: clean.result }
  }

  async #refuse(
    call: Parameters<typeof concludeDenied>[0],
    denial: Denial,
    decision: Decision | undefined,
  ): Promise<Conclusion> {
    await concludeDenied(call, denial, decision, this.#ports)
    return { kind: 'denied', call: call.id, denial }
  }
}

function statusOf(code: string): OutcomeStatus {
  if (code === 'call.cancelled') return 'cancelled'
  if (code === 'call.cut' || code.startsWith('authenticate.')) return 'cut'
  return 'unknown'
}

/** The same call, whose progress is told without secrets. */
function withoutSecrets(call: Call, secrets: Readonly<Record<string, string>>): Call {
  const { onProgress } = call.request
  const forms = onProgress === undefined ? [] : secretForms(secrets)
  if (onProgress === undefined || forms.length === 0) return call
  const told = (params: JsonObject): void => onProgress(cutSecrets(params, forms))
  return { ...call, request: { ...call.request, onProgress: told } }
}
