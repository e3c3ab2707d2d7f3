// Holds a district with its identity listener on a free port, for tests over real TLS.

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { identityListener } from '../../src/api/identity/listener.ts'
import { Gateways } from '../../src/authority/gateways/gateways.ts'
import { systemClock } from '../../src/std/clock.ts'
import { openDistrict, type District } from './district.ts'

/** What `serve` gives. */
export interface Served extends District {
  readonly url: string
  /** Gateways that enrol there; no system is known. */
  readonly gateways: Gateways
  /** What was refused, in order, by code. */
  readonly refused: string[]
}

/** A district with its identity listener on a free port. */
export async function serve(options: Parameters<typeof openDistrict>[1] = {}): Promise<Served> {
  const district = await openDistrict(systemClock.now(), options)
  const refused: string[] = []
  const gateways = await Gateways.load(
    { ...district.ports, store: district.store },
    {
      find: () => {
        throw new Error('no test asks for a system')
      },
    },
  )
  const { server, close } = identityListener({
    identities: district.identities,
    roots: district.roots,
    gateways,
    clock: district.clock,
    timer: district.timer,
    onRefused: (kind) => refused.push(kind),
    onFailure: (error) => refused.push(`failure ${String(error)}`),
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `https://bailiwick.localhost:${(server.address() as AddressInfo).port}`
  return {
    ...district,
    url,
    gateways,
    refused,
    [Symbol.asyncDispose]: async () => {
      await close()
      await district[Symbol.asyncDispose]()
    },
  }
}
