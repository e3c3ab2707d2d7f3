// Holds the gateway as one piece: the spine, the upstreams and the MCP surface over the ports that it is given.

import { publicFault } from '../std/fault.ts'
import type { EntryPorts } from './credential/enter.ts'
import type {
  ActionDefinition,
  McpTransport,
  StdioTransport,
  SystemDefinition,
} from '../wire/system.ts'
import { gatewayFault } from './faults.ts'
import { Governor } from './govern.ts'
import { McpEndpoint } from './mcp/endpoint.ts'
import { Network } from './net/network.ts'
import type { Ports } from './ports.ts'
import { cutSecrets, secretForms } from './steps/09-inspect.ts'
import { proposedEffects } from './upstream/definition.ts'
import { UpstreamPool } from './upstream/pool.ts'
import type { SandboxSetting } from './upstream/sandbox.ts'
import type { UpstreamSession } from './upstream/session.ts'

/** A gateway that governs. */
export interface Gateway {
  readonly governor: Governor
  readonly endpoint: McpEndpoint
  /** What listeners ask before anything else. */
  readonly entry: EntryPorts
  readonly pool: UpstreamPool
  /** The only way by which it connects to what configuration names. */
  readonly network: Network
  /** Starts a system once and tells what it is, for a person to pin. Its effects are proposals. Rejects with `upstream.*`. */
  inspect(
    system: { readonly name: string; readonly transport: StdioTransport | McpTransport },
    secrets: Readonly<Record<string, string>>,
  ): Promise<Omit<SystemDefinition, 'maxProcesses' | 'digest'>>
  /** Ends every upstream; resolves when every call under way has ended and said how. */
  close(): Promise<void>
}

/** Starts the conversation and lists the tools; a failure says what the program itself said last, to the person who looks. */
async function described(
  session: UpstreamSession,
  secrets: Readonly<Record<string, string>>,
): Promise<readonly ActionDefinition[]> {
  try {
    await session.open(undefined)
    return await session.listTools()
  } catch (error) {
    const { detail } = publicFault(error)
    // What it wrote when it died may still be in the pipe.
    await new Promise((resolve) => setTimeout(resolve, 50))
    const said = cutSecrets(
      session.process.stderr.trim().slice(-600),
      secretForms(Object.values(secrets)),
    )
    const words = said === '' ? detail : `${detail}; it wrote: ${said}`
    throw gatewayFault('upstream.start', words, error)
  }
}

const NO_SANDBOX: Omit<SandboxSetting, 'network'> = { mode: 'off', bwrap: undefined, closed: [] }

/** Opens a gateway over its ports. `home` is the folder under which upstreams get homes of their own. */
export function openGateway(options: {
  readonly ports: Ports
  readonly home: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** A process without a call for this long is stopped (ms, default 5 minutes). */
  readonly idleMs?: number
  /** How long one request of a held call waits (ms, default 45 s: below the minute after which clients give up). */
  readonly holdMs?: number
  /** Where whoever fills the ports connects by it too; closed with the gateway. */
  readonly network?: Network
  /** How programs of systems are kept apart; absent: nothing keeps them. */
  readonly sandbox?: Omit<SandboxSetting, 'network'>
}): Gateway {
  const { ports, network = new Network() } = options
  const sandbox = { ...(options.sandbox ?? NO_SANDBOX), network }
  const pool = new UpstreamPool({ ...options, sandbox, idleMs: options.idleMs ?? 300_000 })
  const governor = new Governor(ports, pool)
  const endpoint = new McpEndpoint(ports, governor, pool, options.holdMs ?? 45_000)
  return {
    governor,
    endpoint,
    entry: ports,
    pool,
    network,
    inspect: async (system, secrets) => {
      const session = pool.open(system, secrets, undefined)
      try {
        const actions = await described(session, secrets)
        return {
          ...system,
          era: session.era,
          server: session.server,
          ...(session.instructions !== undefined && { instructions: session.instructions }),
          actions: actions.map((action) => ({ ...action, effects: proposedEffects(action) })),
        }
      } finally {
        session.close(gatewayFault('upstream.unavailable', 'the inspection is over'))
      }
    },
    close: async () => {
      pool.close()
      await governor.flights.close()
      await network.close()
    },
  }
}
