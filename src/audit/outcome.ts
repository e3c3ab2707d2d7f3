// Holds the outcomes that the log itself writes, for intents whose story nobody else can end.

import type { RecordDraft } from '../wire/record.ts'

/**
 * `unknown` after a crash: the call may have run, and success is never inferred. `not_executed` where the caller was told
 * that its intent could not be made durable in time, and it became so afterwards.
 */
export type OwnOutcome =
  | { readonly status: 'unknown'; readonly cause: 'crash' }
  | { readonly status: 'not_executed'; readonly cause: 'audit_wait' }

const CARRIED = [
  'call',
  'person',
  'agent',
  'instance',
  'system',
  'action',
  'task',
  'trace',
] as const

/** The outcome record that answers the intent with this leaf hash. */
export function ownOutcome(intent: RecordDraft, leaf: string, outcome: OwnOutcome): RecordDraft {
  const carried = Object.fromEntries(
    CARRIED.filter((key) => intent[key] !== undefined).map((key) => [key, intent[key]]),
  )
  return { ...carried, type: 'call.outcome', phase: 'outcome', ref: leaf, body: { ...outcome } }
}
