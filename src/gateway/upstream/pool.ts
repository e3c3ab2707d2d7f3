// Holds the conversations with upstreams that are open now: one per caller and system, capped, ended when idle, cut by a lock.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from '../../std/fault.ts'
import type { Actor } from '../../wire/actor.ts'
import type { McpTransport, StdioTransport, SystemDefinition } from '../../wire/system.ts'
import type { Equipment } from '../equipment.ts'
import { gatewayFault } from '../faults.ts'
import type { Network } from '../net/network.ts'
import type { SurfacePorts } from '../ports.ts'
import { screened } from '../inspect/screen.ts'
import { Asks } from './asks.ts'
import { Conversation } from './conversation.ts'
import type { Front } from './front.ts'
import { UpstreamProcess } from './process.ts'
import type { SandboxSetting } from './sandbox.ts'
import { Starts } from './starts.ts'
import { StdioCarrier } from './stdio.ts'
import { StreamableCarrier } from './streamable.ts'

/** News of a system that its client is told. */
const PASSED_ON: ReadonlySet<string> = new Set([
  'notifications/message',
  'notifications/resources/updated',
  'notifications/resources/list_changed',
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
  'notifications/elicitation/complete',
  'notifications/tasks/status',
])

/** Unreadable lines of one process that are noted; beyond, they would fill the operator's log. */
const GARBAGE_NOTED = 10

/** What the pool is given at start. */
export interface PoolOptions {
  readonly ports: SurfacePorts
  /** Folder under which every process gets a home of its own. */
  readonly home: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** A process without a call for this long is stopped (ms). */
  readonly idleMs: number
  readonly sandbox: SandboxSetting
  readonly network: Network
}

/** What a conversation is opened for. */
export interface Opening {
  /** Pinned; or merely named, for looking at it. */
  readonly system:
    SystemDefinition | { readonly name: string; readonly transport: StdioTransport | McpTransport }
  readonly equipment: Equipment
  readonly actor?: Actor
  readonly front?: Front | undefined
}

interface Entry {
  readonly actor: Actor
  readonly system: SystemDefinition
  readonly front: string
  readonly opening: Promise<Conversation>
  /** What there is to end, from the moment that there is anything; also while it is only being opened. */
  readonly held: { conversation?: Conversation }
  lastUsed: number
}

/** The conversations of this gateway. Nothing else starts or ends an upstream. */
export class UpstreamPool {
  readonly #options: PoolOptions
  readonly #entries = new Map<string, Entry>()
  readonly #starts: Starts
  readonly #sweep: NodeJS.Timeout
  #closed = false

  constructor(options: PoolOptions) {
    this.#options = options
    this.#starts = new Starts(options.ports)
    this.#sweep = setInterval(() => this.#stopIdle(), Math.min(options.idleMs, 10_000))
    this.#sweep.unref()
  }

  /** The conversation of this caller with this system, opened if need be. Rejects with an `upstream.*` or `net.*` Fault. */
  async acquire(
    actor: Actor,
    system: SystemDefinition,
    equipment: Equipment,
    front?: Front,
  ): Promise<Conversation> {
    const key = keyOf(actor, system, equipment, front)
    const now = this.#options.ports.clock.monotonic()
    let entry = this.#entries.get(key)
    if (
      entry !== undefined &&
      (entry.held.conversation?.closed === true || entry.system.digest !== system.digest)
    ) {
      this.#end(key, gatewayFault('upstream.unavailable', 'the system was pinned anew'))
      entry = undefined
    }
    if (entry === undefined) {
      const waitMs = this.#starts.wait(startKeyOf(actor, system, equipment))
      this.#makeRoom(system)
      const held: Entry['held'] = {}
      entry = {
        actor,
        system,
        front: front?.key ?? '',
        opening: this.#start({ system, actor, equipment, front }, held, waitMs),
        held,
        lastUsed: now,
      }
      this.#entries.set(key, entry)
      const started = entry
      entry.opening.catch(() => {
        if (this.#entries.get(key) === started) this.#entries.delete(key)
      })
    }
    entry.lastUsed = now
    return entry.opening
  }

  async #start(
    of: Opening & { readonly system: SystemDefinition; readonly actor: Actor },
    held: Entry['held'],
    waitMs: number,
  ): Promise<Conversation> {
    if (waitMs > 0) await sleep(waitMs)
    if (this.#closed) throw gatewayFault('upstream.unavailable', 'the gateway is stopping')
    const { ports } = this.#options
    const { system, equipment, actor } = of
    const began = this.#starts.began(startKeyOf(actor, system, equipment))
    try {
      if (system.transport.kind === 'stdio') await ports.pins.admits(system)
      const conversation = this.open(of)
      held.conversation = conversation
      try {
        await conversation.open(system.era)
      } catch (error) {
        ports.watch.note('upstream failed to start', {
          system: system.name,
          stderr: redactAll(conversation.program.said, equipment.secrets),
        })
        conversation.close(gatewayFault('upstream.unavailable', 'the system did not start'))
        throw error
      }
      const { pid } = conversation.program
      ports.watch.note('upstream started', {
        system: system.name,
        ...(pid !== undefined && { pid }),
      })
      conversation.onClosed(() => began.closed())
      return conversation
    } catch (error) {
      began.failed()
      throw error
    }
  }

  /** Opens a conversation outside the pool: for looking at a system before anybody pinned it, there is no actor. */
  open({ system, equipment, actor, front }: Opening): Conversation {
    const { ports, network } = this.#options
    const { transport, name } = system
    let garbage = 0
    const pinned = 'digest' in system ? system : undefined
    return new Conversation({
      equipment,
      front,
      ...(actor !== undefined && pinned !== undefined && { asks: new Asks(ports, pinned, actor) }),
      carrier: (receiver) => {
        if (transport.kind === 'stdio') {
          return new StdioCarrier(this.#process(name, transport, equipment, actor), receiver)
        }
        if (transport.kind === 'mcp') {
          const peer = pinned === undefined ? undefined : ports.pins.peer(pinned)
          return new StreamableCarrier({ network, transport, peer, receiver })
        }
        // Denied long before; whoever comes by another way gets no conversation either.
        throw gatewayFault('resolve.external', 'this system speaks no MCP')
      },
      events: {
        onGarbage: (what) => {
          garbage++
          if (garbage > GARBAGE_NOTED) return
          ports.watch.note('upstream garbage', { system: name, what, count: garbage })
        },
        ...(pinned !== undefined && {
          onDescribed: (described) => ports.pins.showed(pinned, described),
        }),
        onNews: (method, params) => {
          if (front === undefined || !PASSED_ON.has(method)) return
          const told = screened(params, equipment.secrets)
          front.notify(method, told)
        },
      },
    })
  }

  #process(
    system: string,
    transport: StdioTransport,
    { environment: secrets }: Equipment,
    actor: Actor | undefined,
  ): UpstreamProcess {
    const { home, environment, sandbox } = this.#options
    return new UpstreamProcess({
      transport,
      secrets,
      // One for each agent, so that nothing that a system keeps for one is there for another.
      home: join(home, system, actor?.agent ?? '.inspection'),
      environment,
      sandbox,
    })
  }

  /** Refuses over the system's cap, after stopping the process that has been idle longest. */
  #makeRoom(system: SystemDefinition): void {
    const same = [...this.#entries].filter(([, entry]) => entry.system.name === system.name)
    if (same.length < system.maxProcesses) return
    const idle = same
      .filter(([, entry]) => entry.held.conversation?.busy === 0)
      .sort(([, a], [, b]) => a.lastUsed - b.lastUsed)[0]
    if (idle === undefined) {
      throw gatewayFault(
        'upstream.busy',
        `all ${system.maxProcesses} processes of ${system.name} are in use`,
      )
    }
    this.#end(idle[0], gatewayFault('upstream.unavailable', 'stopped to make room'))
  }

  #stopIdle(): void {
    const before = this.#options.ports.clock.monotonic() - this.#options.idleMs
    for (const [key, entry] of this.#entries) {
      if (
        entry.held.conversation?.closed === true ||
        (entry.held.conversation?.busy === 0 && entry.lastUsed < before)
      ) {
        this.#end(key, gatewayFault('upstream.unavailable', 'stopped when idle'))
      }
    }
  }

  #end(key: string, fault: Fault): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    // A process that is still starting ends as soon as it has started; its callers get the fault of the session.
    if (entry.held.conversation !== undefined) entry.held.conversation.close(fault)
    else {
      entry.opening.then(
        (conversation) => conversation.close(fault),
        () => undefined,
      )
    }
  }

  /** Ends every process of which the test says so: what a lock or the end of an instance does. Returns how many. */
  cut(test: (actor: Actor, system: string) => boolean, fault: Fault): number {
    let count = 0
    for (const [key, entry] of this.#entries) {
      if (!test(entry.actor, entry.system.name)) continue
      this.#end(key, fault)
      count++
    }
    return count
  }

  /** Ends the conversations of a client session that is over. */
  endFront(front: string): void {
    if (front === '') return
    for (const [key, entry] of this.#entries) {
      if (entry.front !== front) continue
      this.#end(key, gatewayFault('upstream.unavailable', "the client's session is over"))
    }
  }

  /** Conversations that are open: for status. */
  get size(): number {
    return this.#entries.size
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#sweep)
    this.cut(() => true, gatewayFault('upstream.unavailable', 'the gateway is stopping'))
  }
}

/**
 * One conversation for one authority, one task, one account and one session of the client: what it remembers of one person's is not there
 * for another's. What the client can be asked is said when a conversation is opened.
 */
function keyOf(
  actor: Actor,
  system: SystemDefinition,
  { account }: Equipment,
  front: Front | undefined,
): string {
  const { delegation, instance, task } = actor
  const asked = front === undefined ? '' : Object.keys(front.capabilities).sort().join(',')
  const parts = [instance, delegation?.id, task?.id, system.name, account, front?.key, asked]
  return parts.map((part) => part ?? '').join('\n')
}

/** What waits after failures: the caller and the definition, whichever of its sessions it starts it for. */
function startKeyOf(
  { instance }: Actor,
  { name, digest }: SystemDefinition,
  { account }: Equipment,
): string {
  return [instance, name, digest, account ?? ''].join('\n')
}

function redactAll(text: string, secrets: readonly string[]): string {
  let out = text
  for (const value of secrets) if (value.length > 3) out = out.replaceAll(value, '[secret]')
  return out
}
