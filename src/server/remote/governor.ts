// Holds the spine as a gateway has it: every call is decided and recorded by control, and carried out here.

import type { AccessWanted, Asked } from '../../gateway/ask-ahead.ts'
import type { CallRequest } from '../../gateway/call.ts'
import type { Permitted } from '../../gateway/consider.ts'
import { deny, isDenial, type Denial } from '../../gateway/denial.ts'
import { Flights } from '../../gateway/flights.ts'
import type { Conclusion, Governing, Stopped, TurnedAway } from '../../gateway/governing.ts'
import type { Operation } from '../../gateway/operation.ts'
import type { ApprovalView, SurfacePorts } from '../../gateway/ports.ts'
import { authenticate } from '../../gateway/steps/01-authenticate.ts'
import { admit } from '../../gateway/steps/02-admit.ts'
import type { UpstreamPool } from '../../gateway/upstream/pool.ts'
import { Fault, publicFault } from '../../std/fault.ts'
import { isObject, type JsonObject, textOf } from '../../std/json.ts'
import type { Timer } from '../../std/timer.ts'
import type { Actor } from '../../wire/actor.ts'
import type { LinkAnswer, LinkGo, LinkReady } from '../../wire/link.ts'
import { linkFault } from '../link/faults.ts'
import type { LinkHandlers, Link } from '../link/link.ts'
import { callSaid, denialOf, RemoteCall } from './call.ts'
import type { Control } from './control.ts'
import { Turnstile } from './turnstile.ts'

/** How often a call that did not go out is asked again, by another connection. */
const MOST_ATTEMPTS = 5
/** Outcomes that control has not taken up yet; beyond, the oldest are left to be `unknown`. */
const MOST_LATE = 10_000

/** What the spine of a gateway works with. */
export interface RemoteGovernorParts {
  readonly ports: SurfacePorts
  readonly control: Pick<Control, 'ask' | 'onConnected' | 'reach' | 'tell'>
  readonly timer: Timer
  /** How long control is waited for (ms). */
  readonly waitMs: () => number
  readonly note: (event: string, facts?: Readonly<Record<string, unknown>>) => void
}

interface Late {
  readonly call: string
  readonly intent: string
  readonly answer: LinkAnswer
}

/** The spine of a gateway. */
export class RemoteGovernor implements Governing {
  readonly #parts: RemoteGovernorParts
  readonly flights: Flights
  readonly #calls = new Map<number, RemoteCall<unknown, unknown>>()
  readonly #late = new Map<string, Late>()
  readonly #turnstile: Turnstile
  #next = 1
  /** Calls that control cut, since they were asked for last. */
  #cuts = 0

  constructor(parts: RemoteGovernorParts, pool: UpstreamPool) {
    this.#parts = parts
    this.flights = new Flights(parts.ports, pool)
    this.#turnstile = new Turnstile(parts.timer)
    parts.control.onConnected((link) => void this.#tellLate(link))
  }

  /** What was given to instances is remembered by control, which attributes by it. */
  readonly given = {
    note: (
      instance: string,
      { by, call }: { readonly by: 'tool' | 'system'; readonly call: string },
    ) => {
      if (by === 'system') this.#parts.control.tell('given', { instance, call })
    },
  }

  async govern<A, T>(
    request: Omit<CallRequest, 'elsewhere'>,
    operation: Operation<A, T>,
  ): Promise<Conclusion<T>> {
    return this.#through(request, async () => {
      for (let attempt = 1; ; attempt++) {
        const link = await this.#parts.control.reach(this.#parts.waitMs())
        if (link === undefined) return stopped(unheard())
        const turn = await this.#turnstile.enter()
        if (turn === undefined) return stopped(busy())
        const conclusion = await this.#attempt(link, request, operation, turn).finally(turn)
        if (conclusion !== undefined) return conclusion
        if (attempt === MOST_ATTEMPTS || request.control.ended !== undefined) {
          return stopped(unheard())
        }
      }
    })
  }

  /** Hooks are answered by control itself. */
  async consider(_request: CallRequest): Promise<Stopped | Permitted> {
    return stopped(deny('resolve.unknown_system', 'whoever executes by itself asks control'))
  }

  async request(request: CallRequest, wanted: AccessWanted): Promise<Stopped | Asked> {
    const asked = await this.#through<Asked>(request, async () => {
      const link = await this.#parts.control.reach(this.#parts.waitMs())
      if (link === undefined) return stopped(unheard())
      const { terms, waitMs, why } = wanted
      const { count, forMs, loosen } = terms
      const n = this.#next++
      const said = await link.ask('access', {
        ...callSaid(n, request),
        wanted: { count, for_ms: forMs, loosen: [...loosen], why, wait_ms: waitMs },
      })
      if (!isObject(said)) throw linkFault('link.frame', 'an answer that is no object')
      const call = textOf(said['call'])
      if (said['kind'] !== 'asked')
        return { kind: 'denied', call, denial: denialOf(said['denial']) }
      const approval = said['approval'] as ApprovalView | undefined
      const state = said['state'] as Asked['state']
      return { kind: 'asked', call, state, ...(approval !== undefined && { approval }) }
    })
    return asked
  }

  stillAdmitted({
    presented,
    system,
    action,
  }: Pick<CallRequest, 'presented' | 'system' | 'action'>): Actor | Denial {
    const { ports } = this.#parts
    const actor = authenticate(presented, ports)
    if (isDenial(actor)) return actor
    return admit(actor, system, action, ports) ?? actor
  }

  async turnedAway(
    { presented, system, action }: TurnedAway,
    { code, detail }: Pick<Denial, 'code' | 'detail'>,
  ): Promise<void> {
    const said = { presented, system, action, code, detail } as unknown as JsonObject
    await this.#parts.control.ask('turned_away', said).catch((error: unknown) => {
      this.#parts.note('record failed', { what: 'refusal', error: String(error) })
    })
  }

  /** How many calls control has cut since this was asked last: it says so before it says for which lock. */
  takeCuts(): number {
    const cuts = this.#cuts
    this.#cuts = 0
    return cuts
  }

  /** What control says of calls under way. */
  get handlers(): LinkHandlers {
    return {
      asked: {
        ready: async (said) => {
          const ready = said as unknown as LinkReady
          const denial = await this.#call(ready.n).ready(ready)
          if (denial === undefined) return {}
          const { code, detail, next } = denial
          return { denial: { code, detail, next } }
        },
        go: async (said) => {
          const go = said as unknown as LinkGo
          return (await this.#call(go.n).go(go)) as unknown as JsonObject
        },
      },
      told: {
        held: ({ n, approval }) => {
          this.#calls.get(Number(n))?.held(approval as unknown as ApprovalView)
        },
        cut: ({ n, code, detail }) => {
          const cut = this.#calls.get(Number(n))?.cut(textOf(code), textOf(detail)) === true
          if (cut) this.#cuts++
        },
      },
    }
  }

  #call(n: number): RemoteCall<unknown, unknown> {
    const call = this.#calls.get(n)
    if (call === undefined) throw linkFault('link.unknown', 'no such call is under way here')
    return call
  }

  /** The first look at a caller, and a place among the calls under way: what a lock or the end of the lease ends is there. */
  async #through<T>(request: CallRequest, run: () => Promise<T | Stopped>): Promise<T | Stopped> {
    const { ports } = this.#parts
    await ports.identities.recognise(request.presented)
    const actor = authenticate(request.presented, ports)
    const who = isDenial(actor) ? actor.of : actor
    if (who === undefined) return stopped(actor as Denial)
    const flight = this.flights.take(who, request)
    if (isDenial(flight)) return stopped(flight)
    try {
      return await run()
    } catch (error) {
      return stopped({ denied: true, ...publicFault(error) })
    } finally {
      flight.land()
    }
  }

  /** One attempt; undefined where the connection was lost before it went out, so that it may be asked again. */
  async #attempt<A, T>(
    link: Link,
    request: CallRequest,
    operation: Operation<A, T>,
    /** Given back once control has nothing more to decide. */
    turn: () => void,
  ): Promise<Conclusion<T> | undefined> {
    const n = this.#next++
    const call = new RemoteCall({ ...this.#parts, onDecided: turn }, link, n, request, operation)
    this.#calls.set(n, call as unknown as RemoteCall<unknown, unknown>)
    try {
      const { conclusion, told } = await call.run()
      void this.#settle(n, call, told)
      return conclusion
    } catch (error) {
      this.#calls.delete(n)
      if (error instanceof Fault && error.code === 'link.lost') return undefined
      throw error
    }
  }

  /** Forgets a call once control knows how it ended, or will be told. */
  async #settle<A, T>(n: number, call: RemoteCall<A, T>, told: Promise<boolean>): Promise<void> {
    if (!(await told)) await this.#keepLate(call)
    this.#calls.delete(n)
  }

  /** Control does not know how it ended: it is told once it is there again. */
  async #keepLate({
    late,
  }: {
    readonly late: RemoteCall<unknown, unknown>['late']
  }): Promise<void> {
    if (late === undefined) return
    const { call, intent } = late
    const oldest = this.#late.keys().next().value
    if (this.#late.size >= MOST_LATE && oldest !== undefined) this.#late.delete(oldest)
    this.#late.set(call, { call, intent, answer: await late.answer })
    const link = await this.#parts.control.reach(0)
    if (link !== undefined) await this.#tellLate(link)
  }

  async #tellLate(link: Link): Promise<void> {
    for (const [id, late] of this.#late) {
      try {
        await link.ask('late', late as unknown as JsonObject)
        this.#late.delete(id)
      } catch (error) {
        if (link.lost !== undefined) return
        this.#parts.note('outcome not taken', { call: id, error: String(error) })
        this.#late.delete(id)
      }
    }
  }
}

function stopped(denial: Denial): Stopped {
  return { kind: 'denied', call: '', denial }
}

function busy(): Denial {
  const denial = deny('admit.busy', 'control has more to decide than it can')
  return { ...denial, retryAfterMs: 1_000 }
}

function unheard(): Denial {
  return deny('admit.stale_view', 'this gateway does not reach control')
}
