// Holds the gate of every request, and who asks as gRPC's handlers carry it along.

import { createContextKey, type ContextKey, type HandlerContext } from '@connectrpc/connect'
import { Fault } from '../../std/fault.ts'
import type { PeerConnection } from '../../authority/identity/attest/unix-peer.ts'
import { UNKNOWN, type Caller } from './caller.ts'
import { fault } from './faults.ts'
import type { CallerLimits } from './limits.ts'

const NOBODY: Caller = {
  connection: fault('workload.protocol', 'the request came over no connection of ours'),
  key: UNKNOWN,
  outgoing: { unread: () => false, cut: () => undefined },
}

/** Where a request's caller is kept. */
export const CALLER: ContextKey<Caller> = createContextKey(NOBODY, {
  description: 'the local process that asks',
})

/** The process that asks; throws why it cannot be known. */
export function processOf(context: HandlerContext): PeerConnection {
  const { connection } = context.values.get(CALLER)
  if (connection instanceof Fault) throw connection
  return connection
}

/** What a request costs its process and its account: keys and signatures more than words. */
const COST: Readonly<Record<string, number>> = {
  FetchX509SVID: 20,
  FetchJWTSVID: 4,
  ValidateJWTSVID: 1,
  FetchX509Bundles: 2,
  FetchJWTBundles: 2,
}

/**
 * Before anything of a request is read: it carries the header that a browser or a server that was tricked into calling us cannot
 * send (Workload Endpoint §3), and its process has not asked for too much.
 */
export function admitRequest(context: HandlerContext, limits: CallerLimits): void {
  if (context.requestHeader.get('workload.spiffe.io') !== 'true') {
    throw fault('workload.header', 'the security header workload.spiffe.io: true is missing')
  }
  const { key } = context.values.get(CALLER)
  if (!limits.take(key, COST[context.method.name] ?? 1)) {
    throw fault('workload.rate', 'this process, or its account, asks too often')
  }
}
