// Holds one call at a gateway: control decides it and says when; here it is made ready, carried out and looked at.

import type { CallRequest } from '../../gateway/call.ts'
import { CallEnd } from '../../gateway/call.ts'
import { isDenial, type Denial } from '../../gateway/denial.ts'
import type { Equipment, SignedRequest } from '../../gateway/equipment.ts'
import type { Conclusion } from '../../gateway/governing.ts'
import type { Answered, Operation, Permit } from '../../gateway/operation.ts'
import type { ApprovalView, SurfacePorts } from '../../gateway/ports.ts'
import { carryOut } from '../../gateway/steps/08-execute.ts'
import { digest } from '../../std/bytes.ts'
import { publicFault } from '../../std/fault.ts'
import { canonicalJson, isObject, type Json, type JsonObject, textOf } from '../../std/json.ts'
import type { Timer } from '../../std/timer.ts'
import type { Decision } from '../../wire/decision.ts'
import type { LinkAnswer, LinkGo, LinkReady } from '../../wire/link.ts'
import { fromLink } from '../link/equipment.ts'
import { linkFault } from '../link/faults.ts'
import type { Link } from '../link/link.ts'

/** The longest result that travels for its commitment alone (characters of JSON); of a longer one the digest does. */
const MOST_RESULT = 262_144

/** What control ends calls for. */
const CUTS: readonly CallEnd['code'][] = [
  'call.cancelled',
  'call.cut',
  'authenticate.unknown_certificate',
  'authenticate.delegation_over',
  'authenticate.task_over',
]

/** What a call works with. */
export interface RemoteCallParts {
  readonly ports: Pick<SurfacePorts, 'clock' | 'locks' | 'systems'>
  readonly timer: Timer
  /** Told when it went, or waits for people. */
  readonly onDecided: () => void
}

/** One attempt, over one connection. */
export class RemoteCall<A, T> {
  readonly #parts: RemoteCallParts
  readonly #link: Link
  readonly #n: number
  readonly #request: CallRequest
  readonly #operation: Operation<A, T>
  #permit: Permit | undefined
  #equipment: Equipment | undefined
  #conclude: ((conclusion: Conclusion<T>) => void) | undefined
  readonly #concluded = new Promise<Conclusion<T>>((resolve) => (this.#conclude = resolve))
  #went = false
  /** How it ended here, for as long as control has not said that it knows. */
  #answer: Promise<LinkAnswer> | undefined

  constructor(
    parts: RemoteCallParts,
    link: Link,
    n: number,
    request: CallRequest,
    operation: Operation<A, T>,
  ) {
    this.#parts = parts
    this.#link = link
    this.#n = n
    this.#request = request
    this.#operation = operation
  }

  /** Whether it was told to go: from then on it may have been done. */
  get went(): boolean {
    return this.#went
  }

  /** How it ended here, by its id and the leaf of its intent; undefined where it never went. */
  get late():
    { readonly call: string; readonly intent: string; answer: Promise<LinkAnswer> } | undefined {
    if (this.#answer === undefined) return undefined
    const { id, intent = '' } = this.#permit!
    return { call: id, intent, answer: this.#answer }
  }

  /** Asks control, and does what it says. `told` resolves once control has concluded. Rejects with `link.lost` where nothing was done. */
  async run(): Promise<{ readonly conclusion: Conclusion<T>; readonly told: Promise<boolean> }> {
    const stop = this.#follow()
    const asked = this.#link.ask('call', callSaid(this.#n, this.#request)).finally(stop)
    const told = asked.then(
      () => true,
      () => false,
    )
    const answered = asked.then((said) => this.#conclusionOf(said))
    // Once it went, what it came to is known here, whatever becomes of the connection.
    answered.catch(() => undefined)
    const conclusion = await Promise.race([
      this.#concluded,
      answered.catch((error: unknown) => {
        if (this.#went) return this.#concluded
        throw error
      }),
    ])
    return { conclusion, told }
  }

  /** Makes ready for it. Answers why not, where it cannot go out. */
  async ready(said: LinkReady): Promise<Denial | undefined> {
    const { actor, call: id, intent, obligations, policy_set: policySet, reason } = said
    const system = this.#parts.ports.systems.get(this.#request.system)
    const action = system?.actions.find(({ name }) => name === this.#request.action)
    if (system?.digest !== said.system || action === undefined) {
      throw linkFault('link.unknown', 'this gateway knows the system as another one')
    }
    const decision: Decision = {
      answer: 'allow',
      parties: [],
      gates: [],
      policySet,
      reason,
      ...(obligations !== undefined && { obligations }),
    }
    this.#permit = { id, intent, request: this.#request, actor, system, action, decision }
    this.#equipment = fromLink(said.equipment, (request) => this.#sign(request))
    return this.#operation.ready(this.#permit, this.#equipment)
  }

  /** Does it, once. */
  go(said: LinkGo): Promise<LinkAnswer> {
    // INVARIANT: a grant is good once: whatever comes twice finds it used.
    if (this.#went || this.#permit === undefined) {
      throw linkFault('link.frame', 'a call is told to go that is not ready, or went')
    }
    this.#went = true
    this.#parts.onDecided()
    const { obligations } = said
    const decision = { ...this.#permit.decision, ...(obligations !== undefined && { obligations }) }
    this.#permit = { ...this.#permit, decision }
    this.#answer = this.#perform(said, this.#permit)
    return this.#answer
  }

  /** It waits for people. */
  held(approval: ApprovalView): void {
    const { control, onHeld, patienceMs } = this.#request
    this.#parts.onDecided()
    onHeld?.(approval)
    const enough = (): void => this.#link.tell('enough', { n: this.#n })
    const cancel = this.#parts.timer.after(patienceMs(approval), enough)
    control.signal.addEventListener('abort', cancel, { once: true })
    control.leftSignal.addEventListener('abort', enough, { once: true })
  }

  /** Control has ended it. True where it went on until now. */
  cut(code: string, detail: string): boolean {
    if (this.#request.control.ended !== undefined) return false
    const known = CUTS.find((one) => one === code) ?? 'call.cut'
    this.#request.control.end(new CallEnd(known, detail))
    return true
  }

  /** Tells control when it is ended here. */
  #follow(): () => void {
    const { control } = this.#request
    const end = (): void => {
      const { code, detail } = control.ended ?? new CallEnd('call.cancelled', 'it was ended')
      this.#link.tell('end', { n: this.#n, code, detail })
    }
    control.signal.addEventListener('abort', end, { once: true })
    return () => control.signal.removeEventListener('abort', end)
  }

  async #perform(
    { timeout_ms: timeoutMs, traceparent, tracestate }: LinkGo,
    permit: Permit,
  ): Promise<LinkAnswer> {
    const operation = this.#operation
    const ends = { timeoutMs, traceparent, tracestate }
    const sent = await carryOut(permit, ends, operation, this.#parts.ports)
    if (isDenial(sent)) {
      this.#end(permit, sent)
      return { kind: 'not_sent', denial: wordsOf(sent) }
    }
    if ('unanswered' in sent) {
      const words = wordsOf(sent)
      this.#end(permit, { denied: true, ...words })
      return { kind: 'unanswered', fault: words, ...passed(operation.passed?.()) }
    }
    let clean: Answered<T> | Denial
    try {
      clean = operation.inspect(sent.answer, permit, this.#equipment!)
    } catch (error) {
      clean = { denied: true, ...publicFault(error) }
    }
    if (isDenial(clean)) {
      this.#end(permit, clean)
      return { kind: 'withheld', denial: wordsOf(clean), ...passed(operation.passed?.()) }
    }
    const { intent = '', id: call } = permit
    this.#conclude?.({ kind: 'done', call, intent, value: clean.value })
    return answered(clean, permit)
  }

  #end({ id: call }: Permit, denial: Denial): void {
    this.#conclude?.({ kind: 'denied', call, denial })
  }

  #conclusionOf(said: Json): Conclusion<T> | Promise<Conclusion<T>> {
    if (!isObject(said)) throw linkFault('link.frame', 'an answer that is no object')
    const call = textOf(said['call'])
    if (said['kind'] === 'held') {
      const approval = said['approval'] as unknown as ApprovalView
      const reason = textOf(said['reason'])
      const decision: Decision = { answer: 'hold', parties: [], gates: [], policySet: '', reason }
      return { kind: 'held', call, held: { held: true, approval, decision } }
    }
    if (said['kind'] === 'denied' && !this.#went) {
      return { kind: 'denied', call, denial: denialOf(said['denial']) }
    }
    return this.#concluded
  }

  async #sign({
    body,
    headers,
    method,
    url,
  }: SignedRequest): Promise<Readonly<Record<string, string>>> {
    const bytes = body === undefined ? {} : { body: Buffer.from(body).toString('base64') }
    const asked = { n: this.#n, method, url: url.href, headers: { ...headers }, ...bytes }
    const { headers: signed } = (await this.#link.ask('sign', asked)) as JsonObject
    return signed as Record<string, string>
  }
}

/** A call as control is asked for it. */
export function callSaid(n: number, request: CallRequest): JsonObject {
  const { action, input, network, presented, protocol, said, session, system, trace, unbound } =
    request
  const told = { n, presented, system, action, input, network, trace, protocol, session, said }
  return { ...told, unbound } as unknown as JsonObject
}

/** A denial as control told it. */
export function denialOf(said: Json | undefined): Denial {
  const { code, detail, next, retryAfterMs } = isObject(said) ? said : {}
  return {
    denied: true,
    code: textOf(code),
    detail: textOf(detail),
    next: textOf(next),
    ...(typeof retryAfterMs === 'number' && { retryAfterMs }),
  }
}

function wordsOf({ code, detail, next }: { code: string; detail: string; next: string }) {
  return { code, detail, next }
}

function passed(of: Pick<Answered<unknown>, 'facts' | 'labels'> = { facts: {} }) {
  const { facts, labels } = of
  return { facts, ...(labels !== undefined && { labels: [...labels] }) }
}

/** What control is told of an answer: what the agent was given, or its digest where that is long and nobody keeps it. */
function answered(clean: Answered<unknown>, { decision }: Permit): LinkAnswer {
  const { digest: known, facts, labels, result, status } = clean
  const said = {
    kind: 'answered',
    status,
    ...passed({ facts, ...(labels && { labels }) }),
  } as const
  if (result === undefined) return { ...said, ...(known !== undefined && { digest: known }) }
  const text = canonicalJson(result)
  const kept = decision.obligations?.keep?.includes('result') === true
  if (kept || text.length <= MOST_RESULT) return { ...said, result }
  const bytes = { ...facts, result_bytes: Buffer.byteLength(text) }
  return { ...said, facts: bytes, digest: digest(text) }
}
