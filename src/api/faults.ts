// Holds the catalogue of codes of the control API itself; what it passes on keeps the code of where it arose.

import { faults, type FaultCatalogue } from '../std/fault.ts'

import { SESSION_FAULTS } from '../authority/sessions/faults.ts'

const CREDENTIAL = 'use the bailiwick command with the operator credential of this home'

/** Codes of the control API. */
export const API_FAULTS = {
  'api.host': {
    status: 403,
    next: 'dial 127.0.0.1 and send the Host bailiwick.localhost with the port; from elsewhere, go by the https origin that this Bailiwick has',
  },
  'api.origin': { status: 403, next: 'do not call the control API from another web page' },
  'api.csrf': { status: 403, next: 'load the page again, and send its form then' },
  'api.no_route': { status: 404, next: 'look at /openapi.json for every route' },
  'api.method': { status: 405, next: 'use a method that the Allow header names' },
  'api.media_type': { status: 415, next: 'send Content-Type: application/json' },
  'api.body_size': { status: 413, next: 'send at most 1 MiB' },
  'api.body': { status: 400, next: 'send the whole body' },
  'api.invalid': {
    status: 400,
    next: 'correct the members that are named; /openapi.json has the schema',
  },
  'api.role': { status: 403, next: 'ask a person who holds the role' },
  'api.busy': { status: 503, next: 'end another stream, or try again later' },
  'operator.missing': { status: 401, next: CREDENTIAL },
  'operator.other_request': { status: 401, next: CREDENTIAL },
  'operator.time': {
    status: 401,
    next: 'try again; if it stays, set the clock of the machine that asks',
  },
  'operator.replayed': { status: 401, next: 'make a new proof for every request' },
  'operator.busy': { status: 429, next: 'ask less often' },
} as const satisfies FaultCatalogue

/** Makes a Fault of this catalogue, or of signing in. */
export const fault = faults({ ...API_FAULTS, ...SESSION_FAULTS })
