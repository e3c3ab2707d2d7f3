// Holds the opening of the gateway's two listeners: TLS with certificates, and plain HTTP on loopback for tokens.

import { keepCertified } from '../authority/identity/serving.ts'
import { listenGateway, listenPlainGateway } from '../gateway/listener.ts'
import type { Core } from './core.ts'
import type { Stack } from './stack.ts'

/** Starts to listen, and says in words what keeps it from that. */
type Named = <T>(port: number, listen: () => Promise<T>) => Promise<T>

/** URLs of the gateway, without a slash at their end. */
export interface GatewayUrls {
  /** TLS. */
  readonly gateway: string
  /** Plain HTTP; absent where it is switched off. */
  readonly plain?: string
}

/** Opens both listeners. */
export async function openGateways(core: Core, stack: Stack, named: Named): Promise<GatewayUrls> {
  const { gateway, machine, roots, settings, tokens } = core
  const { clock, timer, entropy } = machine
  const { gatewayPort, host, plainGatewayPort } = settings
  const shared = {
    host,
    endpoint: gateway.endpoint,
    egress: gateway.egress,
    hooks: gateway.hooks,
    http: gateway.http,
    ports: gateway.entry,
    entropy,
    issuer: () => tokens.issuer,
    unbound: settings.unboundTokensMs > 0,
  }
  const certify = (server: Parameters<typeof keepCertified>[0]) =>
    keepCertified(server, { roots, role: 'gateway', clock, timer })
  const secure = await named(gatewayPort, () =>
    listenGateway({ ...shared, port: gatewayPort, certify, workers: settings.workers }),
  )
  stack.push(() => secure.close())
  const url = `https://${host}:${secure.port}`
  if (plainGatewayPort === undefined) return { gateway: url }
  const plain = await named(plainGatewayPort, () =>
    listenPlainGateway({ ...shared, port: plainGatewayPort }),
  )
  stack.push(() => plain.close())
  return { gateway: url, plain: `http://${host}:${plain.port}` }
}
