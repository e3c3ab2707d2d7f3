// Holds the codes of gateways: why one is not registered, or gets no certificate.

import { faults, type FaultCatalogue } from '../../std/fault.ts'

/** Codes of gateways. */
export const GATEWAY_REGISTRY_FAULTS = {
  'gateway.unknown': { status: 404, next: 'look at `bailiwick gateway ls`' },
  'gateway.exists': {
    status: 409,
    next: 'choose another name; `bailiwick gateway invite NAME` lets this one enrol again',
  },
  'gateway.host': {
    status: 400,
    next: 'name a host as `edge.example.org` or an address as `10.0.0.7`, without a port',
  },
  'gateway.token': {
    status: 401,
    next: 'ask an administrator for another one: bailiwick gateway invite NAME',
  },
  'gateway.key': { status: 409, next: 'make a new key for every request' },
  'gateway.renewals': { status: 429, next: 'go on with the certificate that holds, and ask later' },
  'gateway.nothing': { status: 400, next: 'say which systems, or which hosts: --systems, --host' },
  'gateway.too_many': { status: 409, next: 'remove gateways that are not used' },
} as const satisfies FaultCatalogue

/** Makes a fault of this catalogue. */
export const gatewayRegistryFault = faults(GATEWAY_REGISTRY_FAULTS)
