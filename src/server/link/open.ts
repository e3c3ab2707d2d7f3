// Holds the link's end at control, put together: who may connect, what they are told, and what is asked for them.

import type { LinkState } from '../../wire/api/gateway.ts'
import type { JsonObject } from '../../std/json.ts'
import type { Core } from '../core.ts'
import type { Stack } from '../stack.ts'
import { GatewayHub } from './hub.ts'
import { listenForGateways } from './listener.ts'

/** The gateways that are connected. */
export interface Links {
  /** `host:port` where gateways connect; undefined where none can. */
  readonly address: string | undefined
  of(name: string): LinkState | undefined
  /** Where agents reach connected gateways, as those say. */
  urls(): readonly string[]
}

/** Starts to listen for gateways, where the settings have a port for them. */
export async function openLinks(
  core: Core,
  stack: Stack,
  named: <T>(port: number, listen: () => Promise<T>) => Promise<T>,
  control: () => string,
): Promise<Links> {
  const { authority, machine, refusals, roots, settings } = core
  const { host, linkPort } = settings
  if (linkPort === undefined) {
    return { address: undefined, of: () => undefined, urls: () => [] }
  }
  const { gateways } = authority
  const parts = {
    ...core,
    governor: core.gateway.governor,
    ports: core.gatewayPorts,
    clock: machine.clock,
    issuer: () => core.tokens.issuer,
    unbound: settings.unboundTokensMs > 0,
    bundle: () => roots.pems(),
    control,
  }
  const hub = new GatewayHub(
    parts,
    async (name, csr) => (await gateways.renew(name, csr, roots)) as unknown as JsonObject,
  )
  const listener = await named(linkPort, () =>
    listenForGateways(
      {
        ...machine,
        hub,
        gateways,
        roots,
        refused: (kind) => refusals.count(kind, 'gateway'),
      },
      { host, port: linkPort },
    ),
  )
  stack.push(() => listener.close())
  return {
    address: `${host}:${listener.port}`,
    of: (name) => hub.of(name),
    urls: () => hub.urls(),
  }
}
