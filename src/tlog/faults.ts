// Holds the codes of everything that can be wrong with a log's bytes.

import { faults, type FaultCatalogue } from '../std/fault.ts'

const ASK_AGAIN = 'fetch it again from the log, or from a mirror'

/** Codes of the transparency log's formats and arithmetic. */
export const TLOG_FAULTS = {
  'tlog.range': { status: 400, next: 'ask for an index or a size that the log has reached' },
  'tlog.hash': { status: 400, next: 'give a hash of 32 bytes' },
  'tlog.tile': { status: 502, next: ASK_AGAIN },
  'tlog.entry_size': { status: 413, next: 'log a digest of what is too large' },
  'tlog.bundle': { status: 502, next: ASK_AGAIN },
  'tlog.vkey': {
    status: 400,
    next: 'copy the verifier key whole: name, key id and key joined by +',
  },
  'tlog.note': { status: 400, next: ASK_AGAIN },
  'tlog.note_signature': {
    status: 400,
    next: 'keep the note as evidence: it carries the name of a known key and was not signed by it',
  },
  'tlog.note_unsigned': { status: 400, next: 'give the verifier key of the log that signed it' },
  'tlog.policy': { status: 400, next: 'correct the policy; its form is C2SP tlog-policy' },
  'tlog.checkpoint': { status: 400, next: ASK_AGAIN },
  'tlog.proof': { status: 400, next: ASK_AGAIN },
  'tlog.proof_origin': { status: 400, next: 'give the proof and the verifier key of the same log' },
  'tlog.proof_invalid': {
    status: 400,
    next: 'keep the proof as evidence: the log never held this entry at this index',
  },
} as const satisfies FaultCatalogue

/** Makes a fault of this floor. */
export const fault = faults(TLOG_FAULTS)
