// Holds a gateway of tests that runs on its own: `bailiwick gateway run` as a child process on a home of its own.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GatewayInvited } from '../../src/wire/api/gateway.ts'
import type { Bailiwick } from './bailiwick.ts'
import { Child, MAIN, type Ended } from './child.ts'
import { until } from './until.ts'

/** One gateway. Leaving its scope ends the process and removes its home. */
export class Edge implements AsyncDisposable {
  readonly home = mkdtempSync(join(tmpdir(), 'bailiwick-edge-'))
  readonly name: string
  readonly #link: () => string
  readonly #environment: Readonly<Record<string, string>>
  readonly #enders: (() => Promise<unknown>)[] = []
  #child: Child | undefined
  #url = ''

  private constructor(
    name: string,
    link: () => string,
    environment: Readonly<Record<string, string>>,
  ) {
    this.name = name
    this.#link = link
    this.#environment = { BAILIWICK_UPSTREAM_SANDBOX: 'off', ...environment }
  }

  /** Registers one, has it enrol, and waits until it is ready. `link`: where it connects, where that is not control itself. */
  static async start(
    bailiwick: Bailiwick,
    name: string,
    more: {
      readonly systems?: readonly string[] | null
      readonly environment?: Readonly<Record<string, string>>
      readonly link?: () => string
    } = {},
  ): Promise<Edge> {
    const { systems = null, environment = {}, link = () => bailiwick.link } = more
    const body = { name, systems, reason: 'set up by a test' }
    const { token } = await bailiwick.control.send('POST', '/v1/gateways', body, GatewayInvited)
    const edge = new Edge(name, link, environment)
    const file = join(edge.home, 'join')
    writeFileSync(file, token, { mode: 0o600 })
    try {
      await edge.run('--join-file', file, '--identity', bailiwick.identityUrl)
    } catch (error) {
      await edge[Symbol.asyncDispose]()
      throw error
    }
    return edge
  }

  /** Where agents reach it. */
  get gatewayUrl(): string {
    return this.#url
  }

  get process(): Child {
    if (this.#child === undefined) throw new Error('not started')
    return this.#child
  }

  /** Starts the process on this home; resolves when it is ready. */
  async run(...more: readonly string[]): Promise<void> {
    const at = ['--control', this.#link(), '--port', '0', ...more]
    const args = ['--home', this.home, '-o', 'json', 'gateway', 'run', ...at]
    const child = new Child([MAIN, ...args], this.#environment)
    this.#child = child
    await until(`the gateway ${this.name} is ready`, () => {
      if (child.gone) throw new Error(`the gateway ended: ${child.stderr}`)
      return child.stdout.includes('"ready"')
    })
    this.#url = (JSON.parse(child.stdout) as { url: string }).url
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<Ended> {
    this.process.kill(signal)
    return this.process.ended
  }

  onEnd(end: () => Promise<unknown>): void {
    this.#enders.push(end)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#enders.map((end) => end()))
    if (this.#child !== undefined) await this.#child[Symbol.asyncDispose]()
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 })
  }
}
