// Holds what control does with a call that a gateway carries out: it says when, and takes the gateway's word for how it ended.

import type { Denial } from '../../gateway/denial.ts'
import type { Equipment } from '../../gateway/equipment.ts'
import {
  NotSent,
  type Answered,
  type Operation,
  type Permit,
  type Sending,
} from '../../gateway/operation.ts'
import { CallEnd } from '../../gateway/call.ts'
import { Fault } from '../../std/fault.ts'
import { canonicalJson, isObject, textOf, type Json, type JsonObject } from '../../std/json.ts'
import { linkReader, type LinkAnswer, type LinkGo, type LinkReady } from '../../wire/link.ts'
import { toLink } from './equipment.ts'
import { linkFault } from './faults.ts'
import type { Link } from './link.ts'

/** How long the word of a gateway is waited for whose call was cut (ms): what it had passed on by then is for the record. */
const CUT_MS = 2_000
/** The longest facts of one call (characters of JSON). */
const MOST_FACTS = 65_536

/** How the end of a call is waited for when its connection is gone. */
export type Late = (call: string) => Promise<JsonObject>

/** One call of one gateway. */
export class RemoteOperation implements Operation<LinkAnswer, undefined> {
  readonly #link: Link
  readonly #n: number
  readonly #late: Late
  /** Of the call that is under way: signing is asked of it. */
  equipment: Equipment | undefined
  #passed: Pick<Answered<undefined>, 'facts' | 'labels'> = { facts: {} }

  /** `n`: the number of the call on its connection. */
  constructor(link: Link, n: number, late: Late) {
    this.#link = link
    this.#n = n
    this.#late = late
  }

  async ready(call: Permit, equipment: Equipment): Promise<Denial | undefined> {
    this.equipment = equipment
    const { actor, decision, id, intent = '', system } = call
    const ready: LinkReady = {
      n: this.#n,
      call: id,
      intent,
      actor,
      system: system.digest,
      reason: decision.reason,
      policy_set: decision.policySet,
      equipment: toLink(equipment),
      ...(decision.obligations !== undefined && { obligations: decision.obligations }),
    }
    const { denial } = objectOf(await this.#link.ask('ready', ready as unknown as JsonObject))
    return isObject(denial) ? denialOf(denial) : undefined
  }

  async send(call: Permit, sending: Sending): Promise<LinkAnswer> {
    const { signal, timeoutMs, traceparent, tracestate } = sending
    const { obligations } = call.decision
    const go: LinkGo = {
      n: this.#n,
      timeout_ms: timeoutMs,
      traceparent,
      tracestate,
      ...(obligations !== undefined && { obligations }),
    }
    const asked = this.#link.ask('go', go as unknown as JsonObject).catch((error: unknown) => {
      if (error instanceof Fault && error.code === 'link.lost') return this.#late(call.id)
      throw error
    })
    const answer = linkReader.answer(objectOf(await this.#orCut(asked, signal)))
    if ('facts' in answer) this.#note(answer)
    if (answer.kind === 'not_sent') throw new NotSent(denialOf(answer.denial))
    if (signal.aborted) throw signal.reason
    if (answer.kind !== 'unanswered') return answer
    const { code, detail, next } = answer.fault
    throw new Fault(code, { status: 502, next }, detail)
  }

  inspect(answer: LinkAnswer): Answered<undefined> | Denial {
    if (answer.kind === 'withheld') return denialOf(answer.denial)
    if (answer.kind !== 'answered') throw linkFault('link.frame', 'an answer that is none')
    const { digest, facts, labels, result, status } = answer
    return {
      value: undefined,
      status,
      facts,
      ...(result !== undefined && { result }),
      ...(digest !== undefined && { digest }),
      ...(labels !== undefined && { labels }),
    }
  }

  passed(): Pick<Answered<undefined>, 'facts' | 'labels'> {
    return this.#passed
  }

  #note({
    facts,
    labels,
  }: {
    readonly facts: JsonObject
    readonly labels?: readonly string[]
  }): void {
    if (canonicalJson(facts).length > MOST_FACTS) {
      throw linkFault('link.frame', 'a gateway says more of a call than can be recorded')
    }
    this.#passed = { facts, ...(labels !== undefined && { labels }) }
  }

  /** Tells the gateway to end it where this side does, and waits a moment for what it says then. */
  #orCut(asked: Promise<Json>, signal: AbortSignal): Promise<Json> {
    return new Promise((resolve, reject) => {
      let waiting: NodeJS.Timeout | undefined
      const cut = (): void => {
        const why: unknown = signal.reason
        const { code, detail } =
          why instanceof CallEnd ? why : new CallEnd('call.cut', 'the call was ended')
        this.#link.tell('cut', { n: this.#n, code, detail })
        waiting = setTimeout(() => reject(why), CUT_MS)
      }
      if (signal.aborted) cut()
      else signal.addEventListener('abort', cut, { once: true })
      asked.then(resolve, reject).finally(() => {
        clearTimeout(waiting)
        signal.removeEventListener('abort', cut)
      })
    })
  }
}

function objectOf(value: Json): JsonObject {
  if (!isObject(value)) throw linkFault('link.frame', 'an answer that is no object')
  return value
}

/** A denial in the gateway's words. */
function denialOf(said: JsonObject | { code: string; detail: string; next: string }): Denial {
  const { code, detail, next } = said as Record<string, Json>
  return {
    denied: true,
    code: textOf(code).slice(0, 64),
    detail: textOf(detail).slice(0, 1_024),
    next: textOf(next).slice(0, 1_024),
  }
}
