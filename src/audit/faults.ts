// Holds the codes of everything that can go wrong with the record, and of everything that verification can find.

import { faults, type FaultCatalogue } from '../std/fault.ts'

const EVIDENCE = 'keep the folder as it is: it is evidence; compare it with a copy from elsewhere'
const RESTORE = 'stop, keep the folder as it is, and restore the log from a copy that verifies'

/** Codes of the audit log. */
export const AUDIT_FAULTS = {
  'audit.unavailable': {
    status: 503,
    next: "try again; if it stays, look at the disk that holds the log's spool",
  },
  'audit.suspended': {
    status: 503,
    next: 'make room on the volume that holds the spool: calls are taken again by themselves',
  },
  'audit.quota': {
    status: 429,
    next: 'wait as long as `retry_after_ms` says, and then cause fewer records',
  },
  'audit.receipt': {
    status: 422,
    next: 'give the receipt as it was handed out, and the verifier key of the log that signed it',
  },
  'audit.break_glass': {
    status: 400,
    next: 'name a folder on another device that only this account or root can write, and a time of at most a day',
  },
  'audit.too_large': { status: 413, next: 'record digests of what is large, not the thing itself' },
  'audit.unreadable': {
    status: 400,
    next: 'record plain JSON: finite numbers, whole Unicode text',
  },
  'audit.options': { status: 500, next: 'give a setting within the bounds that the message names' },
  'audit.corrupt': { status: 500, next: RESTORE },
  'audit.rolled_back': { status: 500, next: RESTORE },
  'audit.fenced': { status: 500, next: 'run one process on this home and stop the other' },
  'audit.newer': { status: 500, next: 'start the version of bailiwick that wrote this home' },
  'audit.key': {
    status: 500,
    next: 'start with the log key and the origin that this log began with',
  },
  'audit.not_found': { status: 404, next: 'ask for a record that the log holds' },
  'audit.dropped': {
    status: 410,
    next: 'run `bailiwick audit verify`: it says whether retention removed them; an export made before has them',
  },
  'audit.retention': {
    status: 400,
    next: 'mend retention.yaml: `keep` is `forever` or a number of months or years, at least 6 months',
  },
  'audit.verify_note': { status: 422, next: EVIDENCE },
  'audit.verify_entries': { status: 422, next: EVIDENCE },
  'audit.verify_leaf': { status: 422, next: EVIDENCE },
  'audit.verify_tile': { status: 422, next: EVIDENCE },
  'audit.verify_root': { status: 422, next: EVIDENCE },
  'audit.verify_record': { status: 422, next: EVIDENCE },
  'audit.verify_order': { status: 422, next: EVIDENCE },
  'audit.verify_unreachable': {
    status: 502,
    next: 'look at the address, and at whether what it serves there needs a credential',
  },
  'audit.verify_key': { status: 422, next: EVIDENCE },
  'audit.verify_rolled_back': { status: 422, next: EVIDENCE },
  'audit.verify_forked': {
    status: 422,
    next: 'keep both checkpoints: two signatures of one log over two histories are proof',
  },
  'audit.verify_receipt': { status: 422, next: EVIDENCE },
  'audit.verify_shard': { status: 422, next: EVIDENCE },
  'audit.verify_witness': {
    status: 422,
    next: 'ask the witnesses of the policy what they have signed of this log',
  },
  'audit.verify_index': {
    status: 422,
    next: 'do not trust what search shows: read the log itself; the index can be made anew from it',
  },
  'audit.verify_silence': {
    status: 422,
    next: 'find out why the gateway did not beat in that time',
  },
  'audit.verify_clock': { status: 422, next: 'find out who set the clock of that machine' },
  'audit.verify_gap': {
    status: 422,
    next: 'find out what the gateway did between the two records: one or more are missing',
  },
} as const satisfies FaultCatalogue

/** A code of this floor. */
export type AuditCode = keyof typeof AUDIT_FAULTS

/** Makes a fault of this floor. */
export const fault = faults(AUDIT_FAULTS)
