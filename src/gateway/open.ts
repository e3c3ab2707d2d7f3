// Holds the gateway as one piece: the spine, the upstreams and the MCP surface over the ports that it is given.

import { publicFault } from '../std/fault.ts'
import type { EntryPorts } from './credential/enter.ts'
import { Egress } from './egress/egress.ts'
import type { McpTransport, StdioTransport, SystemDefinition } from '../wire/system.ts'
import type { Equipment } from './equipment.ts'
import { gatewayFault } from './faults.ts'
import { Governor } from './govern.ts'
import type { Governing } from './governing.ts'
import { HookEndpoint } from './hooks/endpoint.ts'
import { HttpEndpoint } from './http/endpoint.ts'
import { McpEndpoint } from './mcp/endpoint.ts'
import { Network } from './net/network.ts'
import type { Ports, SurfacePorts } from './ports.ts'
import { screenedText } from './inspect/screen.ts'
import { definedBy, proposedEffects, type Described } from './upstream/definition.ts'
import { isMethod } from './upstream/methods.ts'
import { UpstreamPool } from './upstream/pool.ts'
import type { SandboxSetting } from './upstream/sandbox.ts'
import type { Conversation } from './upstream/conversation.ts'

/** Everything of a gateway besides the spine. */
export interface Surfaces {
  readonly governor: Governing
  readonly endpoint: McpEndpoint
  /** HTTP APIs. */
  readonly http: HttpEndpoint
  /** The way out to the web. */
  readonly egress: Egress
  /** What listeners ask before anything else. */
  readonly entry: EntryPorts
  readonly pool: UpstreamPool
  /** The only way by which it connects to what configuration names. */
  readonly network: Network
  /** Starts a system once and tells what it is, for a person to pin. Its effects are proposals. Rejects with `upstream.*`. */
  inspect(
    system: { readonly name: string; readonly transport: StdioTransport | McpTransport },
    equipment: Equipment,
  ): Promise<Omit<SystemDefinition, 'maxProcesses' | 'digest'>>
  /** Ends every upstream; resolves when every call under way has ended and said how. */
  close(): Promise<void>
}

/** A gateway that governs. */
export interface Gateway extends Surfaces {
  /** What clients are about to do themselves. */
  readonly hooks: HookEndpoint
}

/** What both are opened with. `home` is the folder under which upstreams get homes of their own. */
interface GatewayOptions {
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
}

/** Opens the conversation and asks what it has; a failure says what the program itself said last, to the person who looks. */
async function described(
  conversation: Conversation,
  secrets: readonly string[],
): Promise<Described> {
  try {
    await conversation.open(undefined)
    return await conversation.describe()
  } catch (error) {
    // A system on the network has written nothing here: what went wrong is said by itself.
    const { code, detail } = publicFault(error)
    if (code.startsWith('net.')) throw error
    // What it wrote when it died may still be in the pipe.
    await new Promise((resolve) => setTimeout(resolve, 50))
    const said = screenedText(conversation.program.said.trim(), secrets).slice(-600)
    const words = said === '' ? detail : `${detail}; it wrote: ${said}`
    throw gatewayFault('upstream.start', words, error)
  }
}

const HOLD_MS = 45_000

/** What there is where nobody said how programs are kept apart. */
const NO_SANDBOX: Omit<SandboxSetting, 'network'> = { mode: 'off', bwrap: undefined, closed: [] }

/** Opens a gateway that decides in this process. */
export function openGateway(options: GatewayOptions & { readonly ports: Ports }): Gateway {
  const { ports } = options
  const surfaces = openSurfaces({ ...options, governing: (pool) => new Governor(ports, pool) })
  return {
    ...surfaces,
    hooks: new HookEndpoint(ports, surfaces.governor, options.holdMs ?? HOLD_MS),
  }
}

/** Opens surfaces and ways to systems around a spine. */
export function openSurfaces(
  options: GatewayOptions & {
    readonly ports: SurfacePorts
    readonly governing: (pool: UpstreamPool) => Governing
  },
): Surfaces {
  const { ports, network = new Network() } = options
  const sandbox = { ...(options.sandbox ?? NO_SANDBOX), network }
  const pool = new UpstreamPool({ ...options, network, sandbox, idleMs: options.idleMs ?? 300_000 })
  const governor = options.governing(pool)
  const endpoint = new McpEndpoint(ports, governor, pool, options.holdMs ?? HOLD_MS)
  return {
    governor,
    endpoint,
    http: new HttpEndpoint(ports, governor, network, options.holdMs ?? HOLD_MS),
    egress: new Egress({ ports, governor, network, holdMs: options.holdMs ?? HOLD_MS }),
    entry: ports,
    pool,
    network,
    inspect: async (system, equipment) => {
      const conversation = pool.open({ system, equipment })
      try {
        const found = definedBy(system, await described(conversation, equipment.secrets))
        const actions = found.actions.map((action) =>
          isMethod(action.name) ? action : { ...action, effects: proposedEffects(action) },
        )
        return { ...found, actions }
      } finally {
        conversation.close(gatewayFault('upstream.unavailable', 'the inspection is over'))
      }
    },
    close: async () => {
      endpoint.close()
      pool.close()
      await governor.flights.close()
      await network.close()
    },
  }
}
