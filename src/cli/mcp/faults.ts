// Holds the codes of the stdio bridge: what an MCP client is told when its message did not get through.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of the bridge. */
export const BRIDGE_FAULTS = {
  'bridge.message': { status: 400, next: 'send one JSON-RPC 2.0 message a line' },
  'bridge.too_long': { status: 413, next: 'send at most one megabyte in a message' },
  'bridge.busy': { status: 429, next: 'wait for earlier requests to end' },
  'bridge.unreachable': {
    status: 503,
    next: 'nothing was sent: see whether bailiwick runs (bailiwick doctor), then try again',
  },
  'bridge.lost': {
    status: 502,
    next: 'find out whether it was done before trying again: bailiwick audit tail',
  },
  'bridge.answer': {
    status: 502,
    next: 'tell the operator: the gateway answered what cannot be read',
  },
  'bridge.revoked': {
    status: 403,
    next: 'a person ended this instance: start the bridge again if that is meant',
  },
  'bridge.token_used': {
    status: 401,
    next: 'put a new join token into the file: bailiwick agent token NAME --out FILE',
  },
} as const satisfies FaultCatalogue

/** Makes a fault of this catalogue. */
export const fault = faults(BRIDGE_FAULTS)
