// Holds the spine: every way in hands its call to `govern`, and the steps run in the order of their names.

import { publicFault } from '../std/fault.ts'
import { uuidv7 } from '../std/id.ts'
import type { Actor } from '../wire/actor.ts'
import type { Decision, DecisionRequest } from '../wire/decision.ts'
import { together } from '../wire/obligation.ts'
import type { Trigger } from '../wire/trigger.ts'
import type { Call, CallRequest } from './call.ts'
import { permit, type Permitted } from './consider.ts'
import { askAhead, type AccessWanted, type Asked } from './ask-ahead.ts'
import { deny, isDenial, recordedReason, type Denial } from './denial.ts'
import { Flights } from './flights.ts'
import { Grant, sameGround } from './grant.ts'
import { GivenLately } from './given.ts'
import type { Conclusion, Governing, Stopped, TurnedAway } from './governing.ts'
import { setAside, type Lifted } from './lifted.ts'
import type { Operation } from './operation.ts'
import type { AmendedView, ApprovalView, Ports } from './ports.ts'
import { authenticate } from './steps/01-authenticate.ts'
import { admit } from './steps/02-admit.ts'
import { reachable } from './steps/03-reachable.ts'
import { resolve, type Resolved } from './steps/03-resolve.ts'
import { decide, denied } from './steps/04-decide.ts'
import { checkScope } from './steps/04-scope.ts'
import { checkTask } from './steps/04-task.ts'
import { gatesBy, runChecks } from './steps/05-checks.ts'
import { amendedAsk, callDigest, gate, type Held } from './steps/05-gate.ts'
import { checkSpent, measure, reserve, type Reserved } from './steps/05-reserve.ts'
import { keepArguments } from './steps/06-keep.ts'
import { record } from './steps/06-record.ts'
import { equip } from './steps/07-equip.ts'
import { execute } from './steps/08-execute.ts'
import { concluded, conclude, concludeDenied, recordTurnedAway } from './steps/10-conclude.ts'
import { overQuota } from './over-quota.ts'
import { Timings } from './timings.ts'
import { triggersOf } from './trigger.ts'
import type { UpstreamPool } from './upstream/pool.ts'

/** What the first four steps found. */
interface Decided {
  readonly actor: Actor
  readonly resolved: Resolved
  /** What the decision was taken from. */
  readonly asked: DecisionRequest
  readonly decision: Decision
}

/** What is known of a call so far, for whatever record it comes to. */
interface Seen {
  readonly timings: Timings
  actor?: Actor
  decision?: Decision
  triggers?: readonly Trigger[]
}

const NOTHING: ReadonlySet<string> = new Set()

/** Why what was agreed to, and is used up, is not about what the call is now. */
function changedSince(
  asked: Decided,
  now: Decided,
  { amended, checked }: Lifted,
): Denial | undefined {
  if (now.resolved.action.digest !== asked.resolved.action.digest) {
    return deny('approval.void', 'the definition of the action changed meanwhile')
  }
  if (now.actor.task?.id !== asked.actor.task?.id) {
    return deny('approval.void', 'it works on something else since it was asked')
  }
  // What is for a whole task, and what a check said, is bound to the policies as well.
  if ((amended ?? checked) !== undefined && now.decision.policySet !== asked.decision.policySet) {
    return deny('approval.void', 'the policies changed meanwhile')
  }
  return undefined
}

/** The spine with what it holds while calls run. */
export class Governor implements Governing {
  readonly #ports: Ports
  readonly flights: Flights
  /** What instances were given lately, by which the next call of theirs is attributed. */
  readonly given = new GivenLately()

  constructor(ports: Ports, pool: UpstreamPool) {
    this.#ports = ports
    this.flights = new Flights(ports, pool)
  }

  /** Governs one call from its credential to its outcome; `operation` is what its surface does once it may. */
  govern<A, T>(
    request: Omit<CallRequest, 'elsewhere'>,
    operation: Operation<A, T>,
  ): Promise<Conclusion<T>> {
    return this.#through(request, (id, seen) =>
      this.#run(id, request, seen, (call) => this.#perform(call, operation)),
    )
  }

  /**
   * Decides a call that somebody else will execute: the same steps up to the durable intent, and not one further. What it uses up is
   * used up, since from here on it may be done.
   */
  consider(request: CallRequest): Promise<Stopped | Permitted> {
    return this.#through(request, (id, seen) =>
      this.#run(id, request, seen, (call) => permit(call, this.#ports)),
    )
  }

  /**
   * Asks people ahead for calls like this one, for its task: judged as the call would be up to its gates, and then only asked. Nothing is
   * done, and nothing is used up.
   */
  request(request: CallRequest, wanted: AccessWanted): Promise<Stopped | Asked> {
    return this.#through(request, async (id, seen) => {
      const decided = this.#decide(request, NOTHING, seen.actor)
      const refuse = (denial: Denial): Promise<Stopped> =>
        this.#refuse({ id, request, ...seen }, denial, seen.decision)
      if (isDenial(decided)) return refuse(decided)
      seen.decision = decided.decision
      if (decided.decision.answer === 'deny') return refuse(denied(decided, this.#ports))
      const asked = await askAhead({ id, request, ...decided }, wanted, this.#ports)
      return isDenial(asked) ? refuse(asked) : asked
    })
  }

  /** Whether whoever was permitted may still go on: the credential, the locks, the lifecycle, asked anew. */
  stillAdmitted(request: Pick<CallRequest, 'presented' | 'system' | 'action'>): Actor | Denial {
    const actor = authenticate(request.presented, this.#ports)
    if (isDenial(actor)) return actor
    return admit(actor, request.system, request.action, this.#ports) ?? actor
  }

  /** Records that somebody who is known sent what is no call at all (INV-2). Whoever is nobody was counted; a record that fails changes nothing. */
  async turnedAway(of: TurnedAway, denial: Pick<Denial, 'code' | 'detail'>): Promise<void> {
    const found = authenticate(of.presented, this.#ports)
    const actor = isDenial(found) ? found.of : found
    if (actor !== undefined) await recordTurnedAway(actor, of, denial, this.#ports)
  }

  async #through<T>(
    request: CallRequest,
    run: (id: string, seen: Seen) => Promise<T | Stopped>,
  ): Promise<T | Stopped> {
    const ports = this.#ports
    const id = uuidv7(ports.clock, ports.entropy)
    const timings = new Timings(ports.clock)
    const seen: Seen = { timings }
    try {
      const actor = authenticate(request.presented, ports)
      // Nobody stands behind this call: it is counted, not recorded one by one.
      if (isDenial(actor)) {
        if (actor.of === undefined) return { kind: 'denied', call: id, denial: actor }
        return await this.#refuse({ id, request, timings, actor: actor.of }, actor, undefined)
      }
      // It has caused all the records that it may: one more, to say so, is what it is after.
      const over = overQuota(actor, ports)
      if (over !== undefined) return { kind: 'denied', call: id, denial: over }
      seen.actor = actor
      seen.triggers = triggersOf(actor, request, this.given, undefined)
      const flight = this.flights.take(actor, request)
      if (isDenial(flight)) return await this.#refuse({ id, request, ...seen }, flight, undefined)
      try {
        return await run(id, seen)
      } finally {
        flight.land()
      }
    } catch (error) {
      const fault = publicFault(error)
      ports.watch.note('call failed inside', { call: id, code: fault.code, error: String(error) })
      const denial: Denial = { denied: true, ...fault }
      return this.#refuse({ id, request, ...seen }, denial, seen.decision)
    }
  }

  async #run<T>(
    id: string,
    request: CallRequest,
    seen: Seen,
    onward: (call: Call) => Promise<T>,
  ): Promise<T | Stopped> {
    // Nothing was waited for since it was authenticated: the same answer would come back.
    let decided = this.#decide(request, NOTHING, seen.actor)
    const refuse = (denial: Denial): Promise<Stopped> =>
      this.#refuse({ id, request, ...seen }, denial, seen.decision)
    if (isDenial(decided)) return refuse(decided)
    this.#ports.traffic.keep(id, decided.asked, decided.decision)
    this.#arrived(request, decided.actor, seen)
    seen.decision = decided.decision
    let lifted: Lifted = {}
    if (decided.decision.answer === 'hold') {
      const agreed = await this.#lift(id, request, decided, seen.timings)
      if (isDenial(agreed)) return refuse(agreed)
      if ('held' in agreed) return { kind: 'held', call: id, held: agreed }
      lifted = agreed
      // Using it up took time: what a lock or a policy said meanwhile counts.
      const again = this.#decide(request, setAside(lifted))
      if (isDenial(again)) return refuse(again)
      const other = changedSince(decided, again, lifted)
      if (other !== undefined) return refuse(other)
      decided = again
      seen.decision = decided.decision
    }
    if (decided.decision.answer !== 'allow') {
      return refuse(denied(decided, this.#ports))
    }
    // INVARIANT: from the last decision to the intent there is no await.
    const reserved = this.#reserve(decided, request)
    if (isDenial(reserved)) return refuse(reserved)
    const { actor, resolved, decision } = decided
    const call: Call = {
      id,
      request,
      timings: seen.timings,
      triggers: seen.triggers ?? [],
      actor,
      ...resolved,
      decision,
      grant: new Grant(this.#ports.clock.monotonic()),
      reserved,
      ...lifted,
    }
    return onward(call)
  }

  /**
   * What lifts the gates of a held call: what persons agreed to for its task, else their approval of this very call, which is waited for. It
   * is used up when this resolves.
   */
  async #lift(
    id: string,
    request: CallRequest,
    decided: Decided,
    timings: Timings,
  ): Promise<Lifted | Held | Denial> {
    const { actor, resolved, decision } = decided
    // Nobody is asked about a call that could not go on.
    const spent = this.#spent(decided, request)
    if (spent !== undefined) return spent
    if (request.unbound !== undefined) return deny('approval.unbound', request.unbound)
    timings.end('decide')
    const { checks, people } = gatesBy(decision)
    const check = async (): Promise<Lifted | Denial> => {
      if (checks.length === 0) return {}
      const checked = await runChecks({ id, actor, request }, resolved, decision, this.#ports)
      return isDenial(checked) ? checked : { checked }
    }
    // Nobody is asked about a call that a check denies.
    const first = await check()
    if (isDenial(first) || people.length === 0) return first
    const asked = { ...decided, decision: { ...decision, gates: people } }
    const amended = await this.#useAmended(id, request, asked, first)
    if (amended !== undefined) return { ...first, amended }
    const gated = await gate({ id, actor, request }, resolved, asked.decision, this.#ports)
    timings.end('wait')
    if (isDenial(gated) || 'held' in gated) return gated
    // What a check said before people took their time was about another moment.
    const again = await check()
    if (isDenial(again)) return again
    return (await this.#useUp(request, gated, asked, again)) ?? { ...again, approval: gated }
  }

  /** Uses up what persons agreed to for the task of this call, where that lifts all of its gates and it would go on then. */
  async #useAmended(
    id: string,
    request: CallRequest,
    { actor, resolved, decision }: Decided,
    checked: Lifted,
  ): Promise<AmendedView | undefined> {
    const { approvals } = this.#ports
    const ask = amendedAsk({ id, actor, request }, resolved, decision)
    const amended = approvals.amended(ask)
    if (amended === undefined) return undefined
    const then = this.#decide(request, setAside({ ...checked, amended }))
    if (isDenial(then) || then.decision.answer !== 'allow') return undefined
    // Somebody else may have used up the last of it: then people are asked.
    return (await approvals.useAmended(amended, ask)) ? amended : undefined
  }

  /** Where the request came in the trace of a call of ours, that call set this one off. */
  #arrived(request: CallRequest, actor: Actor, seen: Seen): void {
    const { action, system, trace } = request
    if (trace === undefined) return
    const setOffBy = this.#ports.effects.arrived(trace, system, action)
    if (setOffBy !== undefined) seen.triggers = triggersOf(actor, request, this.given, setOffBy)
  }

  /** Steps one to four, on what is true now. */
  #decide(
    request: CallRequest,
    aside: ReadonlySet<string>,
    authenticated?: Actor,
  ): Decided | Denial {
    const ports = this.#ports
    const actor = authenticated ?? authenticate(request.presented, ports)
    if (isDenial(actor)) return actor
    const refused = admit(actor, request.system, request.action, ports)
    if (refused !== undefined) return refused
    const resolved = resolve(request.system, request.action, request.input, ports)
    if (isDenial(resolved)) return resolved
    const elsewhere = request.elsewhere === true || request.presented.vouched !== undefined
    const unreachable = elsewhere ? undefined : reachable(resolved.system)
    if (unreachable !== undefined) return unreachable
    const outside = checkScope(actor, resolved.system.name, resolved.action.name)
    if (outside !== undefined) return outside
    const taskless = checkTask(actor)
    if (taskless !== undefined) return taskless
    return { actor, resolved, ...decide(actor, resolved, request, aside, ports) }
  }

  /** Whether there is enough left for a call, which takes nothing yet. */
  #spent({ actor, resolved }: Decided, request: CallRequest): Denial | undefined {
    const measured = measure(resolved.action, { actor, input: request.input }, this.#ports)
    return isDenial(measured) ? measured : checkSpent(actor, resolved, measured, this.#ports)
  }

  #reserve({ actor, resolved }: Decided, request: CallRequest): Reserved | Denial {
    const measured = measure(resolved.action, { actor, input: request.input }, this.#ports)
    return isDenial(measured) ? measured : reserve(actor, resolved, measured, this.#ports)
  }

  /** After the wait everything is asked again, and the approval is used up before the call may go on. */
  async #useUp(
    request: CallRequest,
    approval: ApprovalView,
    asked: Decided,
    checked: Lifted,
  ): Promise<Denial | undefined> {
    const ports = this.#ports
    const before = this.#decide(request, setAside({ ...checked, approval }))
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
    const spent = this.#spent(before, request)
    if (spent !== undefined) return spent
    const digest = callDigest(asked.actor, asked.resolved, asked.decision, request, ports)
    if (!(await ports.approvals.consume(approval.id, digest))) {
      return deny('approval.void', 'the approval was used up, or ended, in the meantime')
    }
    return undefined
  }

  /** Steps six to ten. What was reserved stays used up, whatever becomes of the call: it may have been done. */
  async #perform<A, T>(call: Call, operation: Operation<A, T>): Promise<Conclusion<T>> {
    try {
      return await this.#attempt(call, operation)
    } finally {
      call.reserved.taken.end()
    }
  }

  async #attempt<A, T>(call: Call, operation: Operation<A, T>): Promise<Conclusion<T>> {
    const ports = this.#ports
    const intent = await record(call, ports)
    if (isDenial(intent)) call.reserved.taken.giveBack()
    if (isDenial(intent)) return { kind: 'denied', call: call.id, denial: intent }
    call.intent = intent
    keepArguments(call, ports)
    const stop = (denial: Denial): Stopped => {
      conclude(call, 'not_executed', { code: denial.code, reason: recordedReason(denial) }, ports)
      return { kind: 'denied', call: call.id, denial }
    }
    const equipped = await equip(call, operation, ports)
    call.timings.end('equip')
    if (isDenial(equipped)) return stop(equipped)
    try {
      const over = this.#over(call)
      if (over !== undefined) return stop(over)
      const answer = await execute(call, operation, ports)
      if (isDenial(answer)) return stop(answer)
      const conclusion = concluded(call, answer, operation, equipped, ports)
      if (conclusion.kind === 'done') {
        this.given.note(call.actor.instance, { by: 'tool', call: call.id })
      }
      return conclusion
    } finally {
      // What was minted for this call is given back, whatever became of it.
      void equipped.conclude?.()
    }
  }

  /**
   * Why a grant is worth nothing any more. Where it took long until the system was ready, what was decided on is looked at again: with
   * other policies, other rights or another definition the call is decided anew, and what then is not allowed does not go out. What either
   * decision asks of the answer is asked of it.
   */
  #over(call: Call): Denial | undefined {
    const { action, actor, decision, grant, request } = call
    if (!grant.spend()) return deny('call.internal', 'the grant of this call was used already')
    if (grant.isFresh(this.#ports.clock.monotonic())) return undefined
    const now = this.#decide(request, setAside(call))
    if (isDenial(now)) return now
    if (now.resolved.action.digest !== action.digest) {
      return deny('resolve.definition_changed', 'the definition changed since it was decided')
    }
    if (now.actor.task?.id !== actor.task?.id) {
      return deny('decide.no_task', 'it works on something else since it was decided')
    }
    // The history has grown by this very call: it decides again only where something else has changed.
    if (now.decision.policySet === decision.policySet && sameGround(actor, now.actor)) {
      return undefined
    }
    call.again = now.decision
    if (now.decision.answer !== 'allow') return denied(now, this.#ports)
    const obligations = together([decision.obligations, now.decision.obligations])
    call.decision = { ...now.decision, ...(obligations !== undefined && { obligations }) }
    return undefined
  }

  async #refuse(
    call: Parameters<typeof concludeDenied>[0],
    denial: Denial,
    decision: Decision | undefined,
  ): Promise<Stopped> {
    await concludeDenied(call, denial, decision, this.#ports)
    return { kind: 'denied', call: call.id, denial }
  }
}
