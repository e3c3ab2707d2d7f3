// Holds the opening of the gateway's two listeners: TLS with certificates, and plain HTTP on loopback for tokens.

import { altNamesOf } from '../authority/gateways/hosts.ts'
import { keepCertified } from '../authority/identity/serving.ts'
import { listenGateway, listenPlainGateway } from '../gateway/listener.ts'
import type { Core } from './core.ts'
import { ownName } from './listen-setting.ts'
import { notRecording } from './readiness.ts'
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

/** Where what has no TLS listens, whatever is said of the others. */
const LOOPBACK = '127.0.0.1'

/** Opens both listeners. */
export async function openGateways(core: Core, stack: Stack, named: Named): Promise<GatewayUrls> {
  const { gateway, machine, roots, settings, tokens } = core
  const { clock, timer, entropy } = machine
  const { gatewayPort, host, names, plainGatewayPort } = settings
  const shared = {
    unready: () => notRecording(core),
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
    keepCertified(server, { roots, role: 'gateway', names: altNamesOf(names), clock, timer })
  const secure = await named(gatewayPort, () =>
    listenGateway({
      ...shared,
      host,
      hosts: () => names,
      port: gatewayPort,
      certify,
      workers: settings.workers,
    }),
  )
  stack.push(() => secure.close())
  const url = `https://${ownName(settings)}:${secure.port}`
  if (plainGatewayPort === undefined) return { gateway: url }
  const plain = await named(plainGatewayPort, () =>
    listenPlainGateway({ ...shared, host: LOOPBACK, port: plainGatewayPort }),
  )
  stack.push(() => plain.close())
  return { gateway: url, plain: `http://${LOOPBACK}:${plain.port}` }
}
