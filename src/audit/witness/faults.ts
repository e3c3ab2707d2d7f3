// Holds the codes of witnessing: what a witness refuses, and what a log hears from one.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of witnessing. The statuses are those of C2SP tlog-witness. */
export const WITNESS_FAULTS = {
  'witness.request': { status: 400, next: 'send what C2SP tlog-witness says of add-checkpoint' },
  'witness.old_size': { status: 400, next: 'send an old size that is not beyond the checkpoint' },
  'witness.unknown_log': {
    status: 404,
    next: 'have whoever runs this witness add the verifier key of the log',
  },
  'witness.signature': { status: 403, next: 'sign the checkpoint with the key that is known here' },
  'witness.conflict': { status: 409, next: 'send a proof from the size that this answer names' },
  'witness.inconsistent': {
    status: 422,
    next: 'keep both checkpoints: a log that cannot prove that it grew has two histories',
  },
  'witness.state': {
    status: 500,
    next: 'look at the folder of the witness; it signs nothing that it cannot keep',
  },
  'witness.options': { status: 500, next: 'correct the option or the file that is named' },
  'witness.unreachable': { status: 502, next: 'look at the witness; it is asked again by itself' },
  'witness.claim': {
    status: 502,
    next: 'ask whoever runs that witness to show the checkpoint; without it, its word is no evidence',
  },
  'witness.answer': { status: 502, next: 'look at what is at the address of that witness' },
} as const satisfies FaultCatalogue

/** Makes a fault of witnessing. */
export const witnessFault = faults(WITNESS_FAULTS)
