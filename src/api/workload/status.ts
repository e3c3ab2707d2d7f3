// Holds how refusals are said in gRPC, as the Workload Endpoint lists them (SPIFFE Workload Endpoint §6 and appendix A).

import { Code, ConnectError } from '@connectrpc/connect'
import { Fault, publicFault } from '../../std/fault.ts'

/**
 * The gRPC status of a fault. Whoever has no identity here is `PermissionDenied`, whatever the reason; `Unavailable` is what passes,
 * and clients try again; `InvalidArgument` is the client's own mistake, and they do not.
 */
function codeOf(error: unknown): Code {
  if (!(error instanceof Fault)) return Code.Internal
  switch (error.status) {
    case 400:
      return Code.InvalidArgument
    case 429:
      return Code.ResourceExhausted
    case 501:
      return Code.Unimplemented
    default:
      return error.status >= 500 ? Code.Unavailable : Code.PermissionDenied
  }
}

/** What the peer is told: the public words, and the code of ours that the reference page explains. */
export function grpcError(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error
  const { code, detail, next } = publicFault(error)
  return new ConnectError(`${detail} (${code}) – ${next}`, codeOf(error))
}
