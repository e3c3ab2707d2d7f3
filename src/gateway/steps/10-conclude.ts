// Holds the last step: what became of the call is recorded, whatever became of it.

import { canonicalJson, type JsonObject } from '../../std/json.ts'
import type { Call } from '../call.ts'
import type { Denial } from '../denial.ts'
import type { Decision } from '../../wire/decision.ts'
import type { RecordDraft } from '../../wire/record.ts'
import type { Ports } from '../ports.ts'
import { callFields, decisionBody, lineageMark, taskMark, unboundMark } from './06-record.ts'

/** Statuses of an outcome record. `unknown` is written by recovery, for an intent that a crash left open, and here. */
export type OutcomeStatus =
  'ok' | 'tool_error' | 'upstream_error' | 'not_executed' | 'cut' | 'cancelled' | 'unknown'

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
      duration_ms: Math.round(ports.clock.monotonic() - call.began),
      ...unboundMark(call.actor),
      ...lineageMark(call.actor),
      ...facts,
    },
  }
  ports.audit.append(outcome, false).catch((error: unknown) => {
    ports.watch.note('record failed', { what: 'outcome', call: call.id, error: String(error) })
  })
}

/** Writes a call that did not run. Waited for, so that a denial that was told is on record; a record that fails changes nothing. */
export async function concludeDenied(
  call: Pick<Call, 'id' | 'request' | 'began'> & Partial<Pick<Call, 'actor'>>,
  denial: Denial,
  decision: Decision | undefined,
  ports: Pick<Ports, 'audit' | 'clock' | 'watch' | 'history' | 'commitments'>,
): Promise<void> {
  const { actor, request } = call
  if (actor !== undefined) ports.history.denied(actor, request.system, request.action)
  try {
    await ports.audit.append({
      type: 'call.denied',
      phase: 'decision',
      ...callFields(call),
      body: {
        code: denial.code,
        reason: denial.detail,
        ...(denial.because !== undefined && { because: denial.because }),
        ...unboundMark(call.actor),
        ...lineageMark(call.actor),
        ...taskMark(call.actor?.task),
        // What was decided can be held against what was kept for replay.
        ...(decision !== undefined && {
          arguments: ports.commitments.commit(canonicalJson(request.input)),
          decision: decisionBody(decision),
        }),
        duration_ms: Math.round(ports.clock.monotonic() - call.began),
      },
    })
  } catch (error) {
    ports.watch.note('record failed', { what: 'denial', call: call.id, error: String(error) })
  }
}
