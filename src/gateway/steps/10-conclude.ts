// Holds the last step: what became of the call is recorded, whatever became of it.

import { canonicalJson, type JsonObject } from '../../std/json.ts'
import type { Actor } from '../../wire/actor.ts'
import type { Call } from '../call.ts'
import { isDenial, recordedReason, type Denial } from '../denial.ts'
import type { Equipment } from '../equipment.ts'
import type { Answered, Operation } from '../operation.ts'
import type { OutcomeStatus } from '../outcome.ts'
import type { Decision } from '../../wire/decision.ts'
import type { RecordDraft } from '../../wire/record.ts'
import { personOf } from '../person.ts'
import type { Ports } from '../ports.ts'
import { keepResult } from './06-keep.ts'
import type { Unanswered } from './08-execute.ts'
import {
  attribution,
  callFields,
  decisionBody,
  lineageMark,
  unboundMark,
  type Attributed,
} from './06-record.ts'

/** What counts as a failure of the system in the history of the lineage. */
const FAILED: readonly OutcomeStatus[] = ['tool_error', 'upstream_error']

/** Writes the outcome of an intent. It is not waited for: an intent that stays without one is marked `unknown` at the next start. */
export function conclude(
  call: Call,
  status: OutcomeStatus,
  facts: JsonObject,
  ports: Pick<Ports, 'audit' | 'clock' | 'watch' | 'history'>,
): void {
  if (FAILED.includes(status)) {
    ports.history.failed(call.actor, call.system.name, call.action.name)
  }
  const outcome: RecordDraft = {
    type: 'call.outcome',
    phase: 'outcome',
    ...(call.intent !== undefined && { ref: call.intent }),
    ...callFields(call),
    body: {
      status,
      duration_ms: call.timings.totalMs,
      timings: call.timings.body(),
      ...unboundMark(call.actor),
      ...lineageMark(call.actor),
      ...(call.span !== undefined && { span: { id: call.span.span } }),
      ...(call.kept !== undefined && { kept: { ...call.kept } }),
      ...(call.again !== undefined && { decision: decisionBody(call.again) }),
      ...facts,
    },
  }
  ports.audit.append(outcome, false).catch((error: unknown) => {
    ports.watch.note('record failed', { what: 'outcome', call: call.id, error: String(error) })
  })
}

/** What became of a call that went out: looked at, recorded, and worded for its surface. */
export function concluded<A, T>(
  call: Call,
  sent: { readonly answer: A } | Unanswered,
  operation: Pick<Operation<A, T>, 'inspect' | 'passed'>,
  equipment: Equipment,
  ports: Parameters<typeof conclude>[3] & Pick<Ports, 'commitments' | 'payloads'>,
):
  | { readonly kind: 'done'; readonly call: string; readonly intent: string; readonly value: T }
  | { readonly kind: 'denied'; readonly call: string; readonly denial: Denial } {
  const { used } = equipment
  call.timings.end('upstream')
  const equipped: JsonObject = used.length === 0 ? {} : { credentials: [...used] }
  if ('unanswered' in sent) {
    const { code, detail, next } = sent
    const given = seen(call, operation.passed?.(), ports)
    // An answer that is kept back while it comes was given to a call that was done.
    const executed = isKept(code) ? 'yes' : 'unknown'
    const facts = {
      ...given,
      code,
      reason: recordedReason({ code, detail }),
      executed,
      ...equipped,
    }
    conclude(call, statusOf(code), facts, ports)
    return { kind: 'denied', call: call.id, denial: { denied: true, code, detail, next } }
  }
  const clean = operation.inspect(sent.answer, call, equipment)
  call.timings.end('inspect')
  if (isDenial(clean)) {
    const kept = isKept(clean.code)
    const given = seen(call, operation.passed?.(), ports)
    const facts = { ...given, code: clean.code, executed: kept ? 'yes' : 'unknown', ...equipped }
    conclude(call, kept ? 'withheld' : 'upstream_error', facts, ports)
    return { kind: 'denied', call: call.id, denial: clean }
  }
  const given = seen(call, clean, ports)
  keepResult(call, clean.result, ports)
  conclude(call, clean.status, { ...given, ...resultBody(call, clean, ports), ...equipped }, ports)
  return { kind: 'done', call: call.id, intent: call.intent ?? '', value: clean.value }
}

/** What came back, as the record has it: a commitment to what the agent was given, and its size. */
function resultBody(
  { actor }: Call,
  { digest, result }: Answered<unknown>,
  { commitments }: Pick<Ports, 'commitments'>,
): JsonObject {
  const person = personOf(actor)
  if (result === undefined)
    return digest === undefined ? {} : { result: commitments.commit(digest, person) }
  const text = canonicalJson(result)
  return { result: commitments.commit(text, person), result_bytes: Buffer.byteLength(text) }
}

/** What the agent was given: its labels are the lineage's from here on, and stand in the record from which that is read again. */
function seen(
  { action, actor }: Call,
  answered: Pick<Answered<unknown>, 'facts' | 'labels'> | undefined,
  { history }: Pick<Ports, 'history'>,
): JsonObject {
  if (answered === undefined) return {}
  // Labels of the action itself were taken up with the intent.
  const labels = (answered.labels ?? []).filter((label) => action.labels?.includes(label) !== true)
  if (labels.length === 0) return answered.facts
  history.labelled(actor, labels)
  return { ...answered.facts, labels: [...labels] }
}

/** True for an answer that inspection keeps back: the call was done. */
function isKept(code: string): boolean {
  return code.startsWith('inspect.')
}

function statusOf(code: string): OutcomeStatus {
  if (isKept(code)) return 'withheld'
  if (code === 'call.cancelled') return 'cancelled'
  if (code === 'call.cut' || code.startsWith('authenticate.')) return 'cut'
  return 'unknown'
}

/** Writes a call that did not run. Waited for, so that a denial that was told is on record; a record that fails changes nothing. */
export async function concludeDenied(
  call: Attributed & Pick<Call, 'timings'>,
  denial: Denial,
  decision: Decision | undefined,
  ports: Pick<Ports, 'audit' | 'watch' | 'history' | 'commitments'>,
): Promise<void> {
  const { actor, request, timings } = call
  if (actor !== undefined) ports.history.denied(actor, request.system, request.action)
  try {
    await ports.audit.append({
      type: 'call.denied',
      phase: 'decision',
      ...callFields(call),
      body: {
        code: denial.code,
        reason: recordedReason(denial),
        ...(denial.because !== undefined && { because: denial.because }),
        ...attribution(call),
        // What was decided can be held against what was kept for replay.
        ...(decision !== undefined && {
          arguments: ports.commitments.commit(
            canonicalJson(request.input),
            actor && personOf(actor),
          ),
          decision: decisionBody(decision),
        }),
        duration_ms: timings.totalMs,
        timings: timings.body(),
      },
    })
  } catch (error) {
    ports.watch.note('record failed', { what: 'denial', call: call.id, error: String(error) })
  }
}

/** Writes that somebody sent what is no call of any action: a denial as well (INV-2). */
export async function recordTurnedAway(
  actor: Actor,
  { system, action = '' }: { readonly system: string; readonly action?: string },
  { code, detail }: Pick<Denial, 'code' | 'detail'>,
  ports: Pick<Ports, 'audit' | 'watch' | 'history'>,
): Promise<void> {
  const { agent, instance, task } = actor
  const person = personOf(actor)
  ports.history.denied(actor, system.slice(0, 64), action)
  try {
    await ports.audit.append({
      type: 'call.denied',
      phase: 'decision',
      agent,
      instance,
      ...(person !== undefined && { person }),
      ...(task !== undefined && { task: task.id }),
      system: system.slice(0, 64),
      ...(action !== '' && { action: action.slice(0, 128) }),
      body: {
        code,
        reason: recordedReason({ code, detail }),
        ...unboundMark(actor),
        ...lineageMark(actor),
      },
    })
  } catch (error) {
    ports.watch.note('record failed', { what: 'refusal', error: String(error) })
  }
}
