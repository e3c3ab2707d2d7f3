// Holds the comparison of a kept call with its record: whether the two say the same.

import type { AuditLog } from '../audit/log.ts'
import type { CommitmentPort } from '../gateway/ports.ts'
import { canonicalJson, isObject } from '../std/json.ts'
import type { ReplayedCall } from '../wire/api/policy-replay.ts'
import type { AuditRecord } from '../wire/record.ts'
import type { TrafficEntry } from '../wire/traffic.ts'

/** What comparing needs. */
export interface AgreementParts {
  readonly audit: Pick<AuditLog, 'byCall'>
  readonly commitments: CommitmentPort
}

/** Holds what was kept of a call against its record. */
export async function agreement(
  { audit, commitments }: AgreementParts,
  entry: TrafficEntry,
): Promise<ReplayedCall['record']> {
  const story = await audit.byCall(entry.call)
  if (story.length === 0) return 'missing'
  const commitment = commitments.commit(
    canonicalJson(entry.request.input),
    entry.request.person?.id,
  )
  return story.every(({ record }) => agrees(entry, record, commitment)) ? 'agrees' : 'deviates'
}

/** Whether a record of a call says what was kept of it: who, what, the answer, and the commitment to the arguments. */
function agrees(entry: TrafficEntry, record: AuditRecord, commitment: string): boolean {
  const { request, answer, observed = false } = entry
  const { agent, instance, system, action, body, type } = record
  if (!type.startsWith('call.')) return true
  if (agent !== request.agent.name || instance !== request.agent.instance) return false
  if (system !== request.system || action !== request.action) return false
  if (typeof body['arguments'] === 'string' && body['arguments'] !== commitment) return false
  const { decision } = body
  // A call that was held is decided again after the wait: its records tell of that decision.
  if (!isObject(decision) || answer === 'hold') return true
  if ((decision['observed'] === true) !== observed) return false
  return observed || decision['answer'] === answer
}
