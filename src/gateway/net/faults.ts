// Holds the codes of the guarded network: why the gateway does not connect somewhere, and how a connection can fail.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

const FIND_OUT = 'find out whether it was done before trying again'

/** Codes of connections that go out. Where nothing can have been sent, the code is one of `NOTHING_SENT`. */
export const NET_FAULTS = {
  'net.url': {
    status: 400,
    next: 'give an absolute http or https URL without user, password and fragment',
  },
  'net.address': {
    status: 502,
    next: 'use a host of the public internet, or have a person let the system have a private address (`reach.private`)',
  },
  'net.metadata': {
    status: 502,
    next: 'use another host: where machines are told their credentials, nobody is let in, whatever the settings',
  },
  'net.clear_text': {
    status: 502,
    next: 'use https, or have a person let the system be spoken to without TLS (`reach.clearText`)',
  },
  'net.resolve': { status: 502, next: 'check the name of the host, then try again' },
  'net.connect': { status: 502, next: 'check that the system is up, then try again' },
  'net.tls': {
    status: 502,
    next: 'have the system show a certificate for its name that this machine trusts (NODE_EXTRA_CA_CERTS)',
  },
  'net.busy': { status: 503, next: 'try again when other calls of the system have ended' },
  'net.request': { status: 400, next: 'leave out what cannot stand in an HTTP request' },
  'net.timeout': { status: 504, next: FIND_OUT },
  'net.closed': { status: 502, next: FIND_OUT },
  'net.malformed': {
    status: 502,
    next: 'tell the operator: the system answered what is no HTTP, or said a length that was not true',
  },
  'net.too_large': { status: 502, next: 'ask for less: the answer is larger than is taken' },
} as const satisfies FaultCatalogue

/** A code of the guarded network. */
export type NetCode = keyof typeof NET_FAULTS

/** Makes a Fault of the guarded network. */
export const netFault = faults(NET_FAULTS)

const NOTHING_SENT: ReadonlySet<string> = new Set<NetCode>([
  'net.url',
  'net.address',
  'net.metadata',
  'net.clear_text',
  'net.resolve',
  'net.connect',
  'net.tls',
  'net.busy',
  'net.request',
])

/** True for a code that says that no byte of the request went out. */
export function nothingSent(code: string): boolean {
  return NOTHING_SENT.has(code)
}
