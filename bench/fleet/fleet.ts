// Holds a fleet: control and gateways as processes of the real command line, relays between them, one system, one agent.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Control } from '../../src/cli/control/control.ts'
import { readOperator } from '../../src/cli/control/operator.ts'
import { Holder } from '../../src/cli/identity/holder.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { systemTimer } from '../../src/std/timer.ts'
import { Agent, JoinTokenAnswer } from '../../src/wire/api/agent.ts'
import { GatewayInvited, GatewaysAnswer } from '../../src/wire/api/gateway.ts'
import { LockAdded, LockRemoved } from '../../src/wire/api/lock.ts'
import { PolicyApplied } from '../../src/wire/api/policy.ts'
import { InspectAnswer, System } from '../../src/wire/api/system.ts'
import { Program } from './program.ts'
import { Relay } from './relay.ts'
import { DOCUMENT, Upstream } from './upstream.ts'

const REASON = 'set up for a fleet'

const POLICIES = `
@id("operators-may") @without("task") permit (principal is Person in Role::"operator", action, resource);
@id("callers-may") @without("task") permit (principal in Role::"caller", action, resource);
@id("people-look-at-changes") @gate("operator")
forbid (principal in Role::"caller", action == Action::"api/setItem", resource);
`

/** One gateway of a fleet. */
export interface Post {
  readonly name: string
  readonly home: string
  readonly relay: Relay
  program: Program
  /** Where agents reach it. */
  url: string
  /** File that says by how many seconds its wall clock is off, where the fleet has clocks of its own. */
  readonly clock: string
}

/** A wall clock that is set by a file, which is read every second; the monotonic one is the machine's (faketime(1)). */
function fakeClock(library: string, file: string): Record<string, string> {
  return {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  }
}

/** Four free ports, for control. */
async function freePorts(): Promise<string[]> {
  const servers = [0, 1, 2, 3].map(() => createServer())
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  }
  const ports = servers.map((server) => String((server.address() as AddressInfo).port))
  for (const server of servers) await new Promise((resolve) => server.close(resolve))
  return ports
}

/** The fleet. */
export class Fleet {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'bailiwick-fleet-'))
  readonly home: string = join(this.folder, 'control')
  readonly posts: Post[] = []
  readonly upstream: Upstream
  readonly #ports: readonly string[]
  readonly #environment: Readonly<Record<string, string>>
  /** `libfaketime`, where wall clocks of gateways are to be set. */
  readonly #clocks: string | undefined
  #server: Program | undefined
  #control: Control | undefined
  #holder: Holder | undefined

  private constructor(
    upstream: Upstream,
    ports: readonly string[],
    environment: Readonly<Record<string, string>>,
    clocks: string | undefined,
  ) {
    this.#clocks = clocks
    this.upstream = upstream
    this.#ports = ports
    this.#environment = {
      BAILIWICK_UPSTREAM_SANDBOX: 'off',
      BAILIWICK_UNLOCK_DELAY_S: '0',
      BAILIWICK_APPROVER_DELAY_S: '0',
      BAILIWICK_BREAKER_DENIALS: '0',
      BAILIWICK_BREAKER_ERRORS: '0',
      BAILIWICK_BREAKER_IDENTICAL: '0',
      ...environment,
    }
  }

  /** Starts one with as many gateways, everything set up as a person would. `prepare` is given the home before anything runs on it. */
  static async start(
    gateways: number,
    environment: Readonly<Record<string, string>> = {},
    prepare: (home: string) => Promise<void> = () => Promise.resolve(),
    more: { readonly clocks?: string; readonly slowness?: number } = {},
  ): Promise<Fleet> {
    const upstream = await Upstream.open(more.slowness)
    const fleet = new Fleet(upstream, await freePorts(), environment, more.clocks)
    try {
      await prepare(fleet.home)
      await fleet.serve()
      await fleet.#setUp()
      for (let n = 1; n <= gateways; n++) await fleet.#add(`gateway-${n}`)
      return fleet
    } catch (error) {
      await fleet.close()
      throw error
    }
  }

  /** Starts control. */
  async serve(...more: readonly string[]): Promise<void> {
    const [control = '', identity = '', gateway = '', link = ''] = this.#ports
    const ports = ['--control-port', control, '--identity-port', identity, '--link-port', link]
    const gateways = ['--gateway-port', gateway, '--gateway-plain-port', '0']
    const args = ['--home', this.home, '-o', 'json', 'serve', ...ports, ...gateways, ...more]
    this.#server = await Program.start(args, this.#environment)
    this.#control = new Control(readOperator(this.home), {
      clock: systemClock,
      entropy: systemEntropy,
      interrupted: new AbortController().signal,
    })
  }

  /** The process of control. */
  get server(): Program {
    if (this.#server === undefined) throw new Error('control is not started')
    return this.#server
  }

  get control(): Control {
    if (this.#control === undefined) throw new Error('control is not started')
    return this.#control
  }

  /** The identity of the agent that calls. */
  get holder(): Holder {
    if (this.#holder === undefined) throw new Error('nobody is enrolled')
    return this.#holder
  }

  /** Starts the process of a gateway again, on its home. */
  async again(post: Post): Promise<void> {
    await this.#run(post, [])
  }

  /** Waits until every gateway is connected to control. */
  async connected(): Promise<void> {
    for (;;) {
      const { gateways } = await this.control.get('/v1/gateways', GatewaysAnswer)
      if (gateways.every(({ link, state }) => state !== 'active' || link?.state === 'connected')) {
        return
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  async lock(): Promise<LockAdded> {
    const target = { kind: 'agent', name: 'caller' }
    return this.control.send('POST', '/v1/locks', { target, reason: REASON }, LockAdded)
  }

  /** Lifts a lock: the delay of who is alone is nothing here. */
  async unlock(id: string): Promise<void> {
    const path = `/v1/locks/${id}/remove`
    const { removed } = await this.control.send('POST', path, { reason: REASON }, LockRemoved)
    if (!removed) throw new Error('the lock waits for somebody else')
  }

  async close(): Promise<void> {
    await this.#holder?.close()
    for (const { program, relay } of this.posts) {
      program.kill('SIGCONT')
      await program.end('SIGKILL')
      relay.close()
    }
    this.#server?.kill('SIGCONT')
    await this.#server?.end('SIGKILL')
    this.upstream.close()
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }

  async #setUp(): Promise<void> {
    const { control } = this
    const url = `http://127.0.0.1:${this.upstream.port}`
    const transport = { kind: 'api', url, auth: { kind: 'none' }, reach: { private: true } }
    const asked = { name: 'api', transport, document: DOCUMENT }
    const seen = await control.send('POST', '/v1/systems/inspect', asked, InspectAnswer)
    const effects = Object.fromEntries(
      seen.definition.actions.map(({ name }) => [name, [name === 'setItem' ? 'write' : 'read']]),
    )
    const pin = { ...asked, effects, fingerprint: seen.fingerprint, reason: REASON }
    await control.send('POST', '/v1/systems', pin, System)
    const sources = [{ file: 'fleet.cedar', text: POLICIES }]
    await control.send('POST', '/v1/policies', { sources, reason: REASON }, PolicyApplied)
    const agent = { name: 'caller', purpose: 'calls', roles: ['caller'], taskless: true }
    await control.send('POST', '/v1/agents', agent, Agent)
    const path = '/v1/agents/caller/join-tokens'
    const { token } = await control.send('POST', path, {}, JoinTokenAnswer)
    this.#holder = await Holder.enrol({
      identityUrl: this.#identityUrl,
      joinToken: token,
      clock: systemClock,
      timer: systemTimer,
      entropy: systemEntropy,
    })
  }

  get #identityUrl(): string {
    return `https://127.0.0.1:${this.#ports[1]}`
  }

  async #add(name: string): Promise<void> {
    const body = { name, systems: ['api'], reason: REASON }
    const { token } = await this.control.send('POST', '/v1/gateways', body, GatewayInvited)
    const relay = await Relay.open(Number(this.#ports[3]))
    const file = join(this.folder, `${name}.join`)
    writeFileSync(file, token, { mode: 0o600 })
    const home = join(this.folder, name)
    const join_ = ['--join-file', file, '--identity', this.#identityUrl]
    const clock = join(this.folder, `${name}.clock`)
    writeFileSync(clock, '+0')
    const post = { name, home, relay, url: '', clock } as Omit<Post, 'program'> as Post
    await this.#run(post, join_)
    this.posts.push(post)
  }

  async #run(post: Post, more: readonly string[]): Promise<void> {
    const at = ['--control', post.relay.address, '--port', '0', ...more]
    const args = ['--home', post.home, '-o', 'json', 'gateway', 'run', ...at]
    const clock = this.#clocks === undefined ? {} : fakeClock(this.#clocks, post.clock)
    post.program = await Program.start(args, { ...this.#environment, ...clock })
    post.url = post.program.ready['url'] ?? ''
  }
}
