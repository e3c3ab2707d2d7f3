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
  'audit.verify_note': { status: 422, next: EVIDENCE },
  'audit.verify_entries': { status: 422, next: EVIDENCE },
  'audit.verify_leaf': { status: 422, next: EVIDENCE },
  'audit.verify_tile': { status: 422, next: EVIDENCE },
  'audit.verify_root': { status: 422, next: EVIDENCE },
  'audit.verify_record': { status: 422, next: EVIDENCE },
  'audit.verify_order': { status: 422, next: EVIDENCE },
  'audit.verify_gap': {
    status: 422,
    next: 'find out what the gateway did between the two records: one or more are missing',
  },
} as const satisfies FaultCatalogue

/** A code of this floor. */
export type AuditCode = keyof typeof AUDIT_FAULTS

/** Makes a fault of this floor. */
export const fault = faults(AUDIT_FAULTS)
