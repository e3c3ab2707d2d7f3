// Holds the upstream processes that run now: one per instance, delegation and system, capped, stopped when idle, cut by a lock.

import { join } from 'node:path'
import type { Fault } from '../../std/fault.ts'
import type { Actor } from '../../wire/actor.ts'
import type { SystemDefinition } from '../../wire/system.ts'
import type { Equipment } from '../equipment.ts'
import { gatewayFault } from '../faults.ts'
import type { Ports } from '../ports.ts'
import { UpstreamProcess } from './process.ts'
import type { SandboxSetting } from './sandbox.ts'
import { UpstreamSession } from './session.ts'

/** Requests of one process that are recorded one by one; a flood beyond them is only counted. */
const FOREIGN_RECORDED = 20

/** Unreadable lines of one process that are noted; beyond, they would fill the operator's log. */
const GARBAGE_NOTED = 10

/** What the pool is given at start. */
export interface PoolOptions {
  readonly ports: Ports
  /** Folder under which every process gets a home of its own. */
  readonly home: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** A process without a call for this long is stopped (ms). */
  readonly idleMs: number
  readonly sandbox: SandboxSetting
}

interface Entry {
  readonly actor: Actor
  readonly system: SystemDefinition
  readonly opening: Promise<UpstreamSession>
  session: UpstreamSession | undefined
  lastUsed: number
}

/** The processes of this gateway. Nothing else starts or ends an upstream. */
export class UpstreamPool {
  readonly #options: PoolOptions
  readonly #entries = new Map<string, Entry>()
  readonly #sweep: NodeJS.Timeout
  #closed = false

  constructor(options: PoolOptions) {
    this.#options = options
    this.#sweep = setInterval(() => this.#stopIdle(), Math.min(options.idleMs, 10_000))
    this.#sweep.unref()
  }

  /** The conversation of this instance with this system, started if need be. Rejects with an `upstream.*` Fault. */
  async acquire(
    actor: Actor,
    system: SystemDefinition,
    equipment: Equipment,
  ): Promise<UpstreamSession> {
    // One conversation for one authority and one account: what it remembers of one person's is not there for another's.
    const key = `${actor.instance} ${actor.delegation?.id ?? ''} ${system.name} ${equipment.account}`
    const now = this.#options.ports.clock.monotonic()
    let entry = this.#entries.get(key)
    if (
      entry !== undefined &&
      (entry.session?.closed === true || entry.system.digest !== system.digest)
    ) {
      this.#end(key, gatewayFault('upstream.unavailable', 'the system was pinned anew'))
      entry = undefined
    }
    if (entry === undefined) {
      this.#makeRoom(system)
      entry = {
        actor,
        system,
        opening: this.#start(system, actor, equipment),
        session: undefined,
        lastUsed: now,
      }
      this.#entries.set(key, entry)
      const started = entry
      entry.opening.then(
        (session) => {
          started.session = session
        },
        () => {
          if (this.#entries.get(key) === started) this.#entries.delete(key)
        },
      )
    }
    entry.lastUsed = now
    return entry.opening
  }

  async #start(
    system: SystemDefinition,
    actor: Actor,
    { environment }: Equipment,
  ): Promise<UpstreamSession> {
    if (this.#closed) throw gatewayFault('upstream.unavailable', 'the gateway is stopping')
    const { ports } = this.#options
    const session = this.open(system, environment, actor)
    try {
      await session.open(system.era)
    } catch (error) {
      ports.watch.note('upstream failed to start', {
        system: system.name,
        stderr: redactAll(session.process.stderr, environment),
      })
      session.close(gatewayFault('upstream.unavailable', 'the system did not start'))
      throw error
    }
    ports.watch.note('upstream started', { system: system.name, pid: session.process.pid ?? 0 })
    return session
  }

  /** Starts a process outside the pool: for looking at a system before anybody pinned it. */
  open(
    system: Pick<SystemDefinition, 'name' | 'transport'>,
    secrets: Readonly<Record<string, string>>,
    actor: Actor | undefined,
  ): UpstreamSession {
    const { ports, home, environment, sandbox } = this.#options
    const { transport } = system
    // Denied long before; whoever comes by another way gets no process either.
    if (transport.kind !== 'stdio') {
      throw gatewayFault('resolve.external', 'this system is described, and nothing to start')
    }
    let foreign = 0
    let garbage = 0
    const process = new UpstreamProcess({
      transport,
      secrets,
      // One for each agent, so that nothing that a system keeps for one is there for another.
      home: join(home, system.name, actor?.agent ?? '.inspection'),
      environment,
      sandbox,
    })
    return new UpstreamSession(process, {
      onForeignRequest: (method) => {
        foreign++
        if (foreign > FOREIGN_RECORDED) return
        const record = ports.audit.append({
          type: 'call.denied',
          phase: 'decision',
          system: system.name,
          ...(actor !== undefined && { instance: actor.instance, agent: actor.agent }),
          body: {
            principal: `system ${system.name}`,
            method: method.slice(0, 128),
            code: 'policy.denied',
            reason: 'requests from a system are denied unless policy names them',
            more_not_recorded: foreign === FOREIGN_RECORDED,
          },
        })
        record.catch((error: unknown) => {
          ports.watch.note('record failed', { what: 'foreign request', error: String(error) })
        })
      },
      onGarbage: (what) => {
        garbage++
        if (garbage <= GARBAGE_NOTED) {
          ports.watch.note('upstream garbage', { system: system.name, what, count: garbage })
        }
      },
    })
  }

  /** Refuses over the system's cap, after stopping the process that has been idle longest. */
  #makeRoom(system: SystemDefinition): void {
    const same = [...this.#entries].filter(([, entry]) => entry.system.name === system.name)
    if (same.length < system.maxProcesses) return
    const idle = same
      .filter(([, entry]) => entry.session?.busy === 0)
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
        entry.session?.closed === true ||
        (entry.session?.busy === 0 && entry.lastUsed < before)
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
    if (entry.session !== undefined) entry.session.close(fault)
    else {
      entry.opening.then(
        (session) => session.close(fault),
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

  /** Processes by system: for status. */
  get size(): number {
    return this.#entries.size
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#sweep)
    this.cut(() => true, gatewayFault('upstream.unavailable', 'the gateway is stopping'))
  }
}

function redactAll(text: string, secrets: Readonly<Record<string, string>>): string {
  let out = text
  for (const value of Object.values(secrets))
    if (value.length > 3) out = out.replaceAll(value, '[secret]')
  return out
}
