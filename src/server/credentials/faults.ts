// Holds the codes of credentials: why a call has none to go out with, and why a person's consent did not come about.

import { Fault, faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of credentials. */
export const CREDENTIAL_FAULTS = {
  'credential.no_intent': { status: 500, next: "look at the server's own log" },
  'credential.missing': {
    status: 503,
    next: 'tell the operator: `bailiwick credential set SYSTEM NAME` stores it',
  },
  'credential.ended': {
    status: 503,
    next: 'tell the operator: `bailiwick credential set SYSTEM NAME` stores a new one',
  },
  'credential.value': {
    status: 503,
    next: 'tell the operator: the value has characters that cannot be sent where it belongs',
  },
  'credential.no_user': {
    status: 403,
    next: 'act on behalf of a person: the system is called as the user alone',
  },
  'credential.consent_needed': {
    status: 403,
    next: 'ask the user to consent, in their own browser, at the address that is named; then call again',
  },
  'credential.token_refused': {
    status: 502,
    next: 'tell the operator: the token endpoint of the system refuses what it is asked',
  },
  'credential.token_answer': {
    status: 502,
    next: 'tell the operator: the token endpoint of the system answers what is no token (RFC 6749 §5.1)',
  },
  'credential.busy': { status: 503, next: 'try again later' },
  'credential.source': {
    status: 502,
    next: 'tell the operator: the vault does not answer with the value; its own log says why',
  },
  'credential.no_source': {
    status: 503,
    next: 'tell the operator: set BAILIWICK_VAULT_URL and how to sign in there',
  },
  'credential.not_personal': {
    status: 404,
    next: 'look at `bailiwick system show`: people connect to systems that are called as each user alone',
  },
  'credential.consent_failed': {
    status: 400,
    next: 'begin again at the page of the system, in the browser in which you are signed in',
  },
} as const satisfies FaultCatalogue

/** A code of credentials. */
type CredentialCode = keyof typeof CREDENTIAL_FAULTS

/** Makes a Fault of credentials. */
export const credentialFault = faults(CREDENTIAL_FAULTS)

/** A Fault that tells what to do in this very case. */
export function credentialFaultWith(code: CredentialCode, detail: string, next: string): Fault {
  return new Fault(code, { status: CREDENTIAL_FAULTS[code].status, next }, detail)
}
