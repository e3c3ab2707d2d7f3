// Holds where the record may be sent to: witnesses and sinks stand in the house or outside, and never where machines are told their credentials.

import { lookup as resolve, type LookupAddress, type LookupOptions } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'

import { faults, type FaultCatalogue } from '../std/fault.ts'
import { addressKind, isLinkLocalAddress } from '../std/special-address.ts'

/** Codes of connections that the record makes by itself. */
export const OUTBOUND_FAULTS = {
  'outbound.address': {
    status: 502,
    next: 'name another host: nothing is sent to link-local addresses, to those where machines are told their credentials, or to what is no address of a host',
  },
} as const satisfies FaultCatalogue

const fault = faults(OUTBOUND_FAULTS)

/** False for the host of a URL that is the text of an address to which nothing is sent; a name is judged with every connection. */
export function isOutboundHost(host: string): boolean {
  const address = host.replaceAll(/^\[|\]$/g, '')
  return isIP(address) === 0 || isAllowed(address)
}

/**
 * `dns.lookup` that fails with `outbound.address` where any address of the name is one that nothing is sent to: a name with one such address
 * among others is somebody's attempt. Private addresses and this machine are allowed, since collectors mostly stand there.
 */
export const outboundLookup: LookupFunction = guarded((host, options, answered) =>
  resolve(host, options, answered),
)

/** The same over another resolver, which is asked for all addresses. */
export function guarded(
  all: (
    host: string,
    options: LookupOptions & { readonly all: true },
    answered: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
  ) => void,
): LookupFunction {
  return (host, options, answered) => {
    all(host, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? []
      if (error !== null) return answered(error, [])
      if (first === undefined || !addresses.every(({ address }) => isAllowed(address))) {
        return answered(refused(), [])
      }
      if (options.all === true) answered(null, addresses)
      else answered(null, first.address, first.family)
    })
  }
}

function isAllowed(address: string): boolean {
  const kind = addressKind(address)
  if (kind === 'metadata' || kind === 'never') return false
  return !isLinkLocalAddress(address)
}

function refused(): Error & { readonly code: string } {
  return fault('outbound.address', 'nothing is sent to that address')
}
