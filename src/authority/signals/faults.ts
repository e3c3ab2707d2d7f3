// Holds the codes of signals: security events that others send us. What the sender is told is an error of RFC 8935 §2.4.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of signals. */
export const SIGNAL_FAULTS = {
  'signal.request': { status: 400, next: 'send one security event token (RFC 8417) as the body' },
  'signal.key': { status: 400, next: 'sign with a key that the metadata of the issuer leads to' },
  'signal.issuer': {
    status: 400,
    next: 'have an administrator trust it: bailiwick trust add signals',
  },
  'signal.audience': { status: 400, next: 'use the audience that was agreed on for this stream' },
} as const satisfies FaultCatalogue

/** Makes a fault of this catalogue. */
export const signalFault = faults(SIGNAL_FAULTS)

/** What the sender is told of a fault (RFC 8935 §2.4). */
export const SET_ERRORS: Readonly<Record<string, string>> = {
  'signal.request': 'invalid_request',
  'signal.key': 'invalid_key',
  'signal.issuer': 'invalid_issuer',
  'signal.audience': 'invalid_audience',
}
