// Holds the Workload API as one gRPC service: the gate of every request, the five methods, and refusals in gRPC's words.

import { createConnectRouter, type HandlerContext } from '@connectrpc/connect'
import type { UniversalHandler } from '@connectrpc/connect/protocol'
import { publicFault } from '../../std/fault.ts'
import { fetchJwtBundles, fetchX509Bundles } from './bundles.ts'
import { admitRequest } from './gate.ts'
import { fetchJwtSvid, validateJwtSvid } from './jwt.ts'
import type { CallerLimits } from './limits.ts'
import type { WorkloadPorts } from './ports.ts'
import { grpcError } from './status.ts'
import { SpiffeWorkloadAPI } from './workload_pb.ts'
import { fetchX509Svid } from './x509.ts'

/** The largest request that a method takes. */
const MAX_REQUEST = 65_536

/** Told of every refusal and failure, and answers what the peer is told. */
type Refuse = (error: unknown) => Error

function refusing({ onRefused, onFailure }: WorkloadPorts): Refuse {
  return (error) => {
    const { code, status } = publicFault(error)
    if (status >= 500) onFailure(error)
    else onRefused(code)
    return grpcError(error)
  }
}

async function* streamed<T>(refuse: Refuse, answers: () => AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    yield* answers()
  } catch (error) {
    throw refuse(error)
  }
}

/** The handlers by request path, gRPC alone: its other dialects would let a web page speak to the socket. */
export function workloadHandlers(
  ports: WorkloadPorts,
  limits: CallerLimits,
): ReadonlyMap<string, UniversalHandler> {
  const refuse = refusing(ports)
  const unary = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw refuse(error)
    }
  }
  const router = createConnectRouter({
    grpc: true,
    grpcWeb: false,
    connect: false,
    // Nothing is compressed: keys are not, and nobody gets to send a small message that becomes a large one.
    acceptCompression: [],
    readMaxBytes: MAX_REQUEST,
    requestGate: (context: HandlerContext) => {
      try {
        admitRequest(context, limits)
      } catch (error) {
        throw refuse(error)
      }
    },
  })
  router.service(SpiffeWorkloadAPI, {
    fetchX509SVID: (_request, context) => streamed(refuse, () => fetchX509Svid(ports, context)),
    fetchX509Bundles: (_request, context) =>
      streamed(refuse, () => fetchX509Bundles(ports, context)),
    fetchJWTSVID: (request, context) => unary(() => fetchJwtSvid(ports, request, context)),
    fetchJWTBundles: (_request, context) => streamed(refuse, () => fetchJwtBundles(ports, context)),
    validateJWTSVID: (request) => unary(() => validateJwtSvid(ports, request)),
  })
  return new Map(router.handlers.map((handler) => [handler.requestPath, handler]))
}
