// Holds the codes of tokens: why one was not issued, and why one is worth nothing.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

const ASK_AGAIN = 'ask the token endpoint for a new token'

/** Codes of issuing and of checking. */
export const TOKEN_FAULTS = {
  'token.instance_gone': {
    status: 401,
    next: 'enrol again: the instance that asks is not live',
  },
  'token.delegation_over': {
    status: 403,
    next: 'ask for a new delegation: the one that the token would act under does not hold',
  },
  'token.not_its_delegation': {
    status: 403,
    next: 'use a delegation that names this very instance',
  },
  'token.scope': {
    status: 400,
    next: 'ask for at most 64 patterns like system/action, system/* or *',
  },
  'token.wider': { status: 403, next: 'ask for a part of what the delegation above covers' },
  'token.too_late': { status: 403, next: 'renew or enrol again: less than a second is left' },
  'token.unbound': {
    status: 400,
    next: 'send a DPoP proof, or connect with a client certificate, so that the token is bound to a key',
  },
  'token.too_many': { status: 429, next: 'use the tokens that you have until they end' },
  'token.unknown': { status: 401, next: ASK_AGAIN },
  'token.expired': { status: 401, next: ASK_AGAIN },
  'token.audience': { status: 401, next: 'ask for a token with this resource (RFC 8707)' },
  'token.binding': {
    status: 401,
    next: 'show the token with the key that it is bound to: scheme DPoP and a proof, or the client certificate',
  },
} as const satisfies FaultCatalogue

/** Makes a fault of this catalogue. */
export const tokenFault = faults(TOKEN_FAULTS)
