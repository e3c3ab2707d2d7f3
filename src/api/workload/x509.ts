// Holds `FetchX509SVID` (Workload API §5.2.1): an identity at once, the next before half of its life is over, an end when it is taken.

import { create } from '@bufbuild/protobuf'
import type { HandlerContext } from '@connectrpc/connect'
import { readPem } from '../../std/pem.ts'
import type { PeerConnection } from '../../authority/identity/attest/unix-peer.ts'
import { x509Bundle } from './bundles.ts'
import { CALLER, processOf } from './gate.ts'
import { fault } from './faults.ts'
import { newKey } from './key.ts'
import type { WorkloadPorts } from './ports.ts'
import { Updates } from './updates.ts'
import { X509SVIDResponseSchema, type X509SVIDResponse } from './workload_pb.ts'

/** The least time between two answers that only time asks for (ms). */
const LEAST_MS = 1_000

/** One answer, and what is needed to follow it. */
interface Answer {
  readonly message: X509SVIDResponse
  readonly instance: string
  /** When the next one is due: before half of the life, not for all at once (ms from now). */
  readonly nextIn: number
}

/** Everything that has to hold for a process to get, or to keep, an identity that it has. */
export function checkStanding(
  ports: WorkloadPorts,
  connection: PeerConnection,
  instance: string,
): void {
  if (!connection.same()) throw fault('workload.ended', 'the process that connected is no more')
  if (ports.processes.instanceOf(connection.peer) !== instance) {
    throw fault('workload.ended', 'the identity of this process has ended')
  }
  const against = ports.standing.against(instance)
  if (against !== undefined) throw against
}

async function answer(ports: WorkloadPorts, connection: PeerConnection): Promise<Answer> {
  const { clock, entropy, processes, trust } = ports
  const known = processes.instanceOf(connection.peer)
  if (known !== undefined) checkStanding(ports, connection, known)
  const key = await newKey()
  try {
    const issued = await processes.identify(connection, key.publicKey)
    checkStanding(ports, connection, issued.instance)
    const half = Date.parse(issued.renew_after) - clock.now()
    // Between four and five tenths of the life: whatever is renewed together drifts apart.
    const spread = 0.8 + (entropy.bytes(1)[0]! / 255) * 0.2
    return {
      instance: issued.instance,
      nextIn: Math.max(LEAST_MS, half * spread),
      message: create(X509SVIDResponseSchema, {
        svids: [
          {
            spiffeId: issued.spiffe_id,
            x509Svid: Buffer.concat(readPem('CERTIFICATE', issued.certificates)),
            x509SvidKey: key.privateKey,
            bundle: x509Bundle(trust),
          },
        ],
      }),
    }
  } catch (error) {
    key.privateKey.fill(0)
    throw error
  }
}

/** `FetchX509SVID`. Each answer is whole, with a key of its own (§4.3). */
export async function* fetchX509Svid(
  ports: WorkloadPorts,
  context: HandlerContext,
): AsyncGenerator<X509SVIDResponse> {
  const connection = processOf(context)
  const { standing, timer, trust } = ports
  const { outgoing } = context.values.get(CALLER)
  const updates = new Updates({
    signal: context.signal,
    timer,
    outgoing,
    sources: {
      trust: (listener) => trust.onChange(listener),
      standing: (listener) => standing.onChange(listener),
    },
  })
  for (;;) {
    const { message, instance, nextIn } = await answer(ports, connection)
    const dueAt = ports.clock.monotonic() + nextIn
    try {
      yield message
    } finally {
      // Written by now, or never to be written.
      for (const { x509SvidKey } of message.svids) x509SvidKey.fill(0)
    }
    for (;;) {
      const reasons = await updates.next(Math.max(0, dueAt - ports.clock.monotonic()))
      if (reasons === undefined) return
      checkStanding(ports, connection, instance)
      if (reasons.has('time') || reasons.has('trust')) break
    }
  }
}
