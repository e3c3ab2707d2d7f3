// Holds the bundles as the Workload API gives them: for verifying others, so they are for any local process (§5.2.2, §6.2.2).

import { create } from '@bufbuild/protobuf'
import type { HandlerContext } from '@connectrpc/connect'
import { utf8 } from '../../std/bytes.ts'
import { stringifyJson } from '../../std/json.ts'
import { spiffeId } from '../../wire/spiffe.ts'
import { CALLER } from './gate.ts'
import type { WorkloadPorts, WorkloadTrust } from './ports.ts'
import { Updates } from './updates.ts'
import {
  JWTBundlesResponseSchema,
  X509BundlesResponseSchema,
  type JWTBundlesResponse,
  type X509BundlesResponse,
} from './workload_pb.ts'

/** DER of every root, one after the other. */
export function x509Bundle(trust: WorkloadTrust): Uint8Array {
  return Buffer.concat(trust.roots())
}

/** The key under which bundles are answered: the SPIFFE ID of the trust domain. */
function domainOf({ trustDomain }: WorkloadTrust): string {
  return spiffeId({ kind: 'domain', domain: trustDomain })
}

/** Sends what `make` answers, at once and whenever what is trusted has changed. */
async function* following<T>(
  ports: WorkloadPorts,
  context: HandlerContext,
  make: () => T,
): AsyncGenerator<T> {
  const { timer, trust } = ports
  const { outgoing } = context.values.get(CALLER)
  const sources = { trust: (listener: () => void) => trust.onChange(listener) }
  const updates = new Updates({ signal: context.signal, timer, outgoing, sources })
  do {
    yield make()
  } while ((await updates.next()) !== undefined)
}

/** `FetchX509Bundles`. */
export function fetchX509Bundles(
  ports: WorkloadPorts,
  context: HandlerContext,
): AsyncGenerator<X509BundlesResponse> {
  const { trust } = ports
  return following(ports, context, () =>
    create(X509BundlesResponseSchema, { bundles: { [domainOf(trust)]: x509Bundle(trust) } }),
  )
}

/** `FetchJWTBundles`. */
export function fetchJwtBundles(
  ports: WorkloadPorts,
  context: HandlerContext,
): AsyncGenerator<JWTBundlesResponse> {
  const { trust } = ports
  return following(ports, context, () =>
    create(JWTBundlesResponseSchema, {
      bundles: { [domainOf(trust)]: utf8(stringifyJson(trust.jwtKeys())) },
    }),
  )
}
