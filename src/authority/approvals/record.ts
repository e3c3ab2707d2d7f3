// Holds the records of approvals: who was asked what, and who said what; never the arguments.

import type { JsonObject } from '../../std/json.ts'
import type { Approval } from '../../store/rows/approval.ts'
import { aheadBody } from './ahead.ts'
import type { RecordDraft, RecordPhase } from '../../wire/record.ts'

/** A record about an approval. `person` is who decided, or on whose behalf it was asked. */
export function approvalRecord(
  type: string,
  phase: RecordPhase,
  approval: Approval,
  person: string | undefined,
  body: JsonObject,
): RecordDraft {
  return {
    type,
    phase,
    call: approval.call,
    ...(person === undefined ? {} : { person }),
    agent: approval.agent,
    instance: approval.instance,
    system: approval.system,
    action: approval.action,
    body: {
      approval: approval.id,
      ...(approval.binding === undefined ? {} : { binding: approval.binding }),
      ...body,
    },
  }
}

/** What was asked: everything that the approval is bound to, by digest. */
export function requestBody(approval: Approval): JsonObject {
  return {
    callDigest: approval.callDigest,
    definition: approval.definition,
    policySet: approval.policySet,
    effects: [...approval.effects],
    gates: approval.gates.map(({ name, policy }) => ({ name, policy })),
    reason: approval.reason,
    excluded: [...approval.excluded],
    expiresAt: approval.expiresAt,
    ...aheadBody(approval),
  }
}
