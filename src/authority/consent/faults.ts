// Holds the fault codes of consent: clients, authorization requests, codes and what came of them.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

const DOCUMENT =
  'ask whoever publishes the client to serve its client ID metadata document as the draft says (docs/operate/mcp-clients.md)'

/** Codes of consent. What a client is told is an OAuth error; these are for people and for our own log. */
export const CONSENT_FAULTS = {
  'client.id': {
    status: 400,
    next: 'use a client whose `client_id` is an https URL with a path, without query, fragment and user information',
  },
  'client.address': {
    status: 400,
    next: 'the document of a client has to be on the public internet; a client under development needs BAILIWICK_CIMD_LOOPBACK=1',
  },
  'client.unreachable': {
    status: 502,
    next: 'check that this machine reaches the host of the client',
  },
  'client.busy': { status: 503, next: 'try again in a moment' },
  'client.document': { status: 400, next: DOCUMENT },
  'client.method': { status: 400, next: DOCUMENT },
  'consent.grant': { status: 400, next: 'send the user through the authorization endpoint again' },
  'consent.scope': { status: 400, next: 'ask for no more than was granted' },
  'consent.target': { status: 400, next: 'ask for a resource that was granted' },
  'consent.proof': { status: 400, next: 'send a DPoP proof by the key of the first request' },
  'consent.request': { status: 400, next: 'start again from the client' },
  'consent.redirect': {
    status: 400,
    next: 'the client asks to be answered at an address that it has not published: do not go on',
  },
  'consent.stale': { status: 410, next: 'start again from the client' },
  'consent.nothing': { status: 400, next: 'tick at least one action, or deny' },
  'consent.wider': { status: 400, next: 'grant no more than the client asked for' },
  'consent.many': {
    status: 429,
    next: 'revoke consents that are no longer used: `bailiwick consent ls`',
  },
  'consent.agent': { status: 409, next: 'ask an operator to activate the agent of this client' },
  'consent.unknown': { status: 404, next: 'look at `bailiwick consent ls`' },
  'consent.other': { status: 403, next: 'ask the person who gave it, or an operator' },
} as const satisfies FaultCatalogue

/** Makes a Fault of CONSENT_FAULTS. */
export const consentFault = faults(CONSENT_FAULTS)
