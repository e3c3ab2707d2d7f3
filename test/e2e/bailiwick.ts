// Holds a real Bailiwick for tests: `bailiwick serve` as a child process on a temporary home, driven through its control API.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Control } from '../../src/cli/control/control.ts'
import { readOperator } from '../../src/cli/control/operator.ts'
import { Holder } from '../../src/cli/identity/holder.ts'
import { verifyLog, type VerifyReport } from '../../src/server/verify.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { systemTimer } from '../../src/std/timer.ts'
import { Agent, JoinTokenAnswer } from '../../src/wire/api/agent.ts'
import { ApprovalsAnswer, type ApprovalSummary } from '../../src/wire/api/approval.ts'
import { AuditFlushed, AuditPage, type AuditEntry } from '../../src/wire/api/audit.ts'
import { LockAdded, LockRemoved } from '../../src/wire/api/lock.ts'
import { PolicyApplied } from '../../src/wire/api/policy.ts'
import { Status } from '../../src/wire/api/status.ts'
import { InspectAnswer, System, type NewSystem } from '../../src/wire/api/system.ts'
import type { TestRows } from '../fakes/rows.ts'
import { Child, MAIN, type Ended } from './child.ts'
import { rowsOfTest } from './on-postgres.ts'
import { freePorts } from './ports.ts'
import { until } from './until.ts'

const REASON = 'set up by a test'
/** Upstreams of the SDK take a while to start on a busy machine (ms). */
const INSPECT_MS = 120_000

/** Lets whatever operators may ask for be asked for: the person's half of every decision. */
const PEOPLE_MAY = `@id("operators-may") permit (principal is Person in Role::"operator", action, resource);\n`

const require = createRequire(import.meta.url)

/** The program of an npm package that is an MCP server, with Node before it. */
export function officialServer(name: string): string[] {
  const manifest = require.resolve(`@modelcontextprotocol/${name}/package.json`)
  const { bin } = require(manifest) as { bin: Record<string, string> }
  return [process.execPath, join(dirname(manifest), Object.values(bin)[0]!)]
}

/** A program of `test/`, with Node before it. */
export function testServer(path: string, ...args: string[]): string[] {
  return [process.execPath, join(import.meta.dirname, '..', path), ...args]
}

/** One Bailiwick. Leaving its scope ends the process and removes the home. */
export class Bailiwick implements AsyncDisposable {
  readonly home: string
  readonly #ports: readonly [number, number, number, number]
  readonly #environment: Readonly<Record<string, string>>
  readonly #holders: Holder[] = []
  readonly #enders: (() => Promise<unknown>)[] = []
  #child: Child | undefined
  #rows: TestRows | undefined
  #control: Control | undefined
  /** Whether it listens for gateways. */
  #linked = false

  private constructor(
    home: string,
    ports: readonly [number, number, number, number],
    environment: Readonly<Record<string, string>>,
  ) {
    this.home = home
    this.#ports = ports
    // Programs of tests leave journals where tests find them; what a sandbox keeps from a program is tried where it is meant.
    this.#environment = {
      BAILIWICK_UPSTREAM_SANDBOX: 'off',
      BAILIWICK_UNLOCK_DELAY_S: '0',
      BAILIWICK_APPROVER_DELAY_S: '0',
      ...environment,
    }
  }

  /** Starts one. The environment sets what flags do not, e.g. `BAILIWICK_HOLD_MS`. A home that is given is removed too. */
  static async start(
    environment: Readonly<Record<string, string>> = {},
    home: string = mkdtempSync(join(tmpdir(), 'bailiwick-e2e-')),
    linked = false,
  ): Promise<Bailiwick> {
    // Systems of tests tell what they saw by files: those that are about sandboxes say so.
    const rows = await rowsOfTest(home, environment)
    const open = {
      BAILIWICK_UPSTREAM_SANDBOX: 'off',
      BAILIWICK_UNLOCK_DELAY_S: '0',
      BAILIWICK_APPROVER_DELAY_S: '0',
      ...rows.environment,
      ...environment,
    }
    const bailiwick = new Bailiwick(home, await freePorts(), open)
    bailiwick.#rows = rows
    bailiwick.#linked = linked
    try {
      await bailiwick.serve()
    } catch (error) {
      await bailiwick[Symbol.asyncDispose]()
      throw error
    }
    return bailiwick
  }

  get server(): Child {
    if (this.#child === undefined) throw new Error('not started')
    return this.#child
  }

  get control(): Control {
    if (this.#control === undefined) throw new Error('not started')
    return this.#control
  }

  /** Where the rows are. */
  get rows(): TestRows {
    if (this.#rows === undefined) throw new Error('not started')
    return this.#rows
  }

  get controlPort(): number {
    return this.#ports[0]
  }

  /** Where gateways connect that run on their own. */
  get link(): string {
    return `127.0.0.1:${this.#ports[3]}`
  }

  get identityUrl(): string {
    return `https://127.0.0.1:${this.#ports[1]}`
  }

  get gatewayPort(): number {
    return this.#ports[2]
  }

  get gatewayUrl(): string {
    return `https://127.0.0.1:${this.gatewayPort}`
  }

  /** Starts the server on this home and these ports; resolves when it is ready. */
  async serve(...more: readonly string[]): Promise<void> {
    const [control, identity, gateway, link] = this.#ports.map(String) as [
      string,
      string,
      string,
      string,
    ]
    const ports = ['--control-port', control, '--identity-port', identity]
    // Any free port: nothing that comes back after a restart depends on it.
    const gateways = ['--gateway-port', gateway, '--gateway-plain-port', '0']
    const linked = this.#linked ? ['--link-port', link] : []
    const serve = ['serve', '--home', this.home, '-o', 'json', ...ports, ...gateways]
    const args = [...serve, ...linked, ...more]
    const child = new Child([MAIN, ...args], this.#environment)
    this.#child = child
    await until('the server is ready', () => {
      if (child.gone) throw new Error(`the server ended: ${child.stderr}`)
      return child.stdout.includes('"ready"')
    })
    const interrupted = new AbortController().signal
    const shell = { clock: systemClock, entropy: systemEntropy, interrupted }
    this.#control = new Control(readOperator(this.home), shell)
  }

  /** Ends the server as a supervisor does, or as the kernel does. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<Ended> {
    this.server.kill(signal)
    return this.server.ended
  }

  /** Runs a command of the real command line on this home. */
  async cli(args: readonly string[], input?: string): Promise<Ended> {
    await using child = this.spawnCli(args)
    child.say(input ?? '')
    return await child.ended
  }

  /** Starts a command that goes on. */
  spawnCli(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Child {
    return new Child([MAIN, '--home', this.home, ...args], environment)
  }

  /** Pins a system with the effects that it proposes, or those that are named. */
  async pin(
    name: string,
    command: readonly string[],
    more: {
      readonly secrets?: Record<string, string>
      readonly effects?: NewSystem['effects']
      readonly maxProcesses?: number
      /** Off where a test says nothing: most upstreams of tests tell what they did in a file of the home. */
      readonly sandbox?: { off?: boolean; read?: string[]; write?: string[]; network?: string[] }
    } = {},
  ): Promise<System> {
    const [program, ...args] = command
    const { secrets = {}, sandbox = { off: true } } = more
    const transport = {
      kind: 'stdio' as const,
      command: program!,
      args,
      env: Object.keys(secrets),
      sandbox,
    }
    const looked = { name, transport, secrets }
    const path = '/v1/systems/inspect'
    const seen = await this.control.send('POST', path, looked, InspectAnswer, INSPECT_MS)
    const proposed = Object.fromEntries(seen.definition.actions.map((a) => [a.name, a.effects]))
    const pin: NewSystem = {
      ...looked,
      effects: more.effects ?? proposed,
      fingerprint: seen.fingerprint,
      reason: REASON,
      ...(more.maxProcesses !== undefined && { max_processes: more.maxProcesses }),
    }
    return this.control.send('POST', '/v1/systems', pin, System, INSPECT_MS)
  }

  /** Applies one file in place of all. People may what their agents may, unless the test says what people may. */
  async apply(text: string, people: string = PEOPLE_MAY): Promise<PolicyApplied> {
    const body = { sources: [{ file: 'test.cedar', text: people + text }], reason: REASON }
    return this.control.send('POST', '/v1/policies', body, PolicyApplied)
  }

  /** Tests about tasks say that it is not to be taskless; the others are about something else. */
  async agent(
    name: string,
    roles: readonly string[],
    unattended = false,
    taskless = true,
  ): Promise<Agent> {
    const body = { name, purpose: 'is tested', roles, unattended, taskless }
    return this.control.send('POST', '/v1/agents', body, Agent)
  }

  async joinToken(agent: string, unattended = false): Promise<string> {
    const path = `/v1/agents/${agent}/join-tokens`
    return (await this.control.send('POST', path, { unattended }, JoinTokenAnswer)).token
  }

  /** A live instance, held as programs hold theirs. */
  async enrol(agent: string, unattended = false): Promise<Holder> {
    return this.enrolWith(await this.joinToken(agent, unattended))
  }

  /** The same by a join token that is there. */
  async enrolWith(joinToken: string): Promise<Holder> {
    const holder = await Holder.enrol({
      identityUrl: this.identityUrl,
      joinToken,
      clock: systemClock,
      timer: systemTimer,
      entropy: systemEntropy,
    })
    this.#holders.push(holder)
    return holder
  }

  async lock(kind: string, name: string, reason = 'a test locks'): Promise<LockAdded> {
    return this.control.send('POST', '/v1/locks', { target: { kind, name }, reason }, LockAdded)
  }

  async unlock(id: string): Promise<void> {
    const reason = 'a test lifts it'
    const path = `/v1/locks/${id}/remove`
    const { removed } = await this.control.send('POST', path, { reason }, LockRemoved)
    if (!removed) throw new Error('the lock waits for somebody else')
  }

  /** Approvals that somebody waits for. */
  async pending(): Promise<readonly ApprovalSummary[]> {
    return (await this.control.get('/v1/approvals?state=pending', ApprovalsAnswer)).approvals
  }

  /** The one call that is held, once it is. */
  async held(): Promise<ApprovalSummary> {
    return until('a held call', async () => (await this.pending())[0])
  }

  status(): Promise<Status> {
    return this.control.get('/v1/status', Status)
  }

  /** Records of a type, oldest first. */
  async records(type: string): Promise<readonly AuditEntry[]> {
    const found: AuditEntry[] = []
    let before: string | null = null
    do {
      const cursor: string = before === null ? '' : `&before=${before}`
      const page: AuditPage = await this.control.get(
        `/v1/audit/records?limit=500&type=${type}${cursor}`,
        AuditPage,
      )
      found.push(...page.records)
      before = page.next
    } while (before !== null)
    return found.reverse()
  }

  /** The whole log, verified from its files as a stranger does. */
  async verify(): Promise<VerifyReport> {
    await this.control.send('POST', '/v1/audit/flush', {}, AuditFlushed)
    return this.verifyFiles()
  }

  /** As `verify`, of what is published; the server need not run. */
  verifyFiles(): Promise<VerifyReport> {
    const vkey = readFileSync(join(this.home, 'log.vkey'), 'utf8').trim()
    return verifyLog({ directory: join(this.home, 'log'), vkey })
  }

  /** Closes something of a test before the server ends. */
  onEnd(end: () => Promise<unknown>): void {
    this.#enders.push(end)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#enders.map((end) => end()))
    await Promise.all(this.#holders.map((holder) => holder.close()))
    if (this.#child !== undefined) await this.#child[Symbol.asyncDispose]()
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 })
  }
}
