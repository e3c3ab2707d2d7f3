// Holds the codes of the identity part of the authority: what was refused, and what helps.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

const ASK_AGAIN = 'ask an operator for a new join token: bailiwick agent token NAME'

/** Codes of enrolment, renewal and the authority's own certificate. */
export const IDENTITY_FAULTS = {
  'identity.trust_domain': {
    status: 400,
    next: 'use lower case letters, digits, dots, hyphens and underscores',
  },
  'identity.root_mismatch': {
    status: 500,
    next: 'restore keys/ca.pem and the certificate key from the same backup',
  },
  'identity.no_root': {
    status: 503,
    next: 'look at the log of the server for what keeps it from making a root',
  },
  'identity.too_many_roots': {
    status: 409,
    next: 'wait until the retired roots have ended: bailiwick authority show',
  },
  'identity.csr_malformed': {
    status: 400,
    next: 'send a PKCS#10 request in PEM, with an empty subject and no attributes',
  },
  'identity.csr_names': {
    status: 400,
    next: 'ask without subject, names or extensions: the authority alone decides them',
  },
  'identity.csr_key': { status: 400, next: 'use a key on P-256, or Ed25519' },
  'identity.csr_signature': {
    status: 400,
    next: 'sign the request with the key that it carries',
  },
  'identity.key_reused': { status: 409, next: 'make a new key for every certificate' },
  'identity.unknown_agent': { status: 404, next: 'list the agents: bailiwick agent ls' },
  'identity.agent_inactive': { status: 403, next: 'ask the owner of the agent to activate it' },
  'identity.unknown_person': { status: 404, next: 'name a person who is active here' },
  'identity.attended': {
    status: 403,
    next: 'issue the join token on behalf of a person, or register the agent as unattended',
  },
  'identity.not_yours_to_delegate': {
    status: 403,
    next: 'let the person on whose behalf the agent acts issue the join token',
  },
  'identity.delegation_over': { status: 401, next: ASK_AGAIN },
  'identity.unrecognised': { status: 401, next: ASK_AGAIN },
  'identity.expired': { status: 401, next: ASK_AGAIN },
  'identity.life_over': { status: 401, next: ASK_AGAIN },
  'identity.gone': { status: 401, next: ASK_AGAIN },
  'identity.too_many_certificates': {
    status: 429,
    next: 'use the newest certificate and renew once in its life',
  },
  'identity.no_instance': { status: 404, next: 'list the instances: bailiwick instance ls' },
  'attest.unregistered': {
    status: 403,
    next: 'ask an operator to register this workload: bailiwick registration add',
  },
  'attest.ambiguous': {
    status: 409,
    next: 'make the selectors of one of the registrations narrower: bailiwick registration ls',
  },
  'attest.selectors': { status: 400, next: 'see the page on attestation for the selectors' },
  'attest.source': { status: 400, next: 'look at the trust sources: bailiwick trust ls' },
  'attest.scope': { status: 400, next: 'name each pattern as system/action, system/* or *' },
  'attest.expired': { status: 400, next: 'name an end that is still to come' },
  'attest.composition': {
    status: 400,
    next: 'name instructions, tools, model or code, each with a short text such as a digest',
  },
  'attest.evidence': {
    status: 401,
    next: 'get new evidence from the source that the registration names',
  },
  'attest.full': { status: 409, next: 'remove registrations that nobody uses any more' },
  'attest.no_registration': {
    status: 404,
    next: 'look at the registrations: bailiwick registration ls',
  },
  'attest.replayed': { status: 401, next: 'get new evidence: each counts once' },
  'attest.revoked': {
    status: 403,
    next: 'ask whoever revoked it; starting the workload again makes another instance',
  },
  'join_token.unknown': { status: 401, next: ASK_AGAIN },
  'join_token.expired': { status: 401, next: ASK_AGAIN },
  'join_token.reused': { status: 401, next: ASK_AGAIN },
} as const satisfies FaultCatalogue

/** Makes a fault of this catalogue. */
export const fault = faults(IDENTITY_FAULTS)
