// Holds the codes of the Workload API itself; what it passes on keeps the code of where it arose.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of the socket and of what is asked over it. */
export const WORKLOAD_FAULTS = {
  'workload.header': {
    status: 400,
    next: 'send the metadata workload.spiffe.io: true with every request, as SPIFFE clients do',
  },
  'workload.audience': {
    status: 400,
    next: 'name one to sixteen audiences of at most 512 characters each',
  },
  'workload.svid': {
    status: 400,
    next: 'send one JWT-SVID in compact form that was issued here and still holds',
  },
  'workload.not_yours': {
    status: 403,
    next: 'leave spiffe_id out, or name the identity that FetchX509SVID answers',
  },
  'workload.ended': {
    status: 403,
    next: 'ask again: a process that still runs and may have an identity gets another',
  },
  'workload.not_standing': {
    status: 403,
    next: 'ask an operator: bailiwick lock ls and bailiwick agent show NAME say why',
  },
  'workload.rate': {
    status: 429,
    next: 'keep the stream open instead of asking again, and ask again in a few seconds',
  },
  'workload.unread': { status: 429, next: 'read the stream, or close it' },
  'workload.timeout': { status: 400, next: 'send the whole request at once' },
  'workload.connections': { status: 429, next: 'use one connection for all requests' },
  'workload.protocol': { status: 400, next: 'speak gRPC over HTTP/2 without TLS' },
  'workload.socket_path': {
    status: 500,
    next: 'set BAILIWICK_WORKLOAD_SOCKET to an absolute path of at most 107 bytes in a directory that only this account writes to',
  },
  'workload.socket_live': {
    status: 500,
    next: 'stop the process that serves this socket, or set BAILIWICK_WORKLOAD_SOCKET to another path',
  },
} as const satisfies FaultCatalogue

/** Makes a fault of this catalogue. */
export const fault = faults(WORKLOAD_FAULTS)
