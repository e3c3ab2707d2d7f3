// Holds the official MCP conformance suites, run against a server directly and then through a whole Bailiwick.

import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { McpEra } from '../../src/wire/system.ts'
import { InspectAnswer, System } from '../../src/wire/api/system.ts'
import { Bailiwick } from '../e2e/bailiwick.ts'
import { ConformanceServer } from './mcp-conformance-server.ts'
import { Relay } from './mcp-relay.ts'

/** The eras, oldest first, and the package whose suite is run for each. */
export const SUITES: Readonly<Record<McpEra, string>> = {
  '2025-11-25': '@modelcontextprotocol/conformance',
  '2026-07-28': 'mcp-conformance-next',
}

/** How long one whole suite may take (ms). */
const SUITE_MS = 240_000

/** What became of the checks of one suite, by scenario, check and the times that it was made there. */
export type Checks = ReadonlyMap<string, string>

/** A suite once against the server itself, and once governed. */
export interface Compared {
  readonly direct: Checks
  readonly governed: Checks
}

interface Check {
  readonly id: string
  readonly status: string
}

const require = createRequire(import.meta.url)

function checksIn(folder: string): Checks {
  const checks = new Map<string, string>()
  for (const name of readdirSync(folder).sort()) {
    // The folder of a scenario ends in the time at which it was run.
    const scenario = name.replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '')
    const made = JSON.parse(readFileSync(join(folder, name, 'checks.json'), 'utf8')) as Check[]
    const times = new Map<string, number>()
    for (const { id, status } of made) {
      const time = (times.get(id) ?? 0) + 1
      times.set(id, time)
      checks.set(`${scenario} ${id} ${time}`, status)
    }
  }
  return checks
}

/** Runs the suite of an era against a URL. */
async function runSuite(era: McpEra, url: string): Promise<Checks> {
  const folder = mkdtempSync(join(tmpdir(), 'bailiwick-conformance-'))
  try {
    const manifest = require.resolve(`${SUITES[era]}/package.json`)
    const program = join(dirname(manifest), 'dist', 'index.js')
    const args = ['server', '--url', url, '--suite', 'all', '--spec-version', era, '-o', folder]
    const child = spawn(process.execPath, [program, ...args], {
      stdio: 'ignore',
      timeout: SUITE_MS,
      env: { PATH: process.env['PATH'] },
    })
    await new Promise<void>((resolve, reject) => {
      child.on('error', reject)
      // A check that fails is a result here, and no error.
      child.on('exit', () => resolve())
    })
    return checksIn(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What counts for a total: what was neither skipped nor told for information. */
export function counted(checks: Checks): { readonly passed: number; readonly total: number } {
  const said = [...checks.values()].filter((status) => status !== 'INFO' && status !== 'SKIPPED')
  return { passed: said.filter((status) => status === 'SUCCESS').length, total: said.length }
}

/** What passes directly, and not when it is governed. */
export function lost({ direct, governed }: Compared): string[] {
  return [...direct]
    .filter(([check, status]) => status === 'SUCCESS' && governed.get(check) !== 'SUCCESS')
    .map(([check]) => `${check}: ${governed.get(check) ?? 'not made'}`)
}

const POLICIES = `
@id("suite") @without("task") permit (principal in Role::"suite", action, resource);
@id("asks-2025") @without("task") permit (principal == System::"era-2025", action, resource);
@id("asks-2026") @without("task") permit (principal == System::"era-2026", action, resource);
`

/** A Bailiwick before a server of each era, and a relay that is one of its agents. */
export class ConformanceWorld implements AsyncDisposable {
  readonly #bailiwick: Bailiwick
  readonly #servers: ReadonlyMap<McpEra, ConformanceServer>
  readonly #relay: Relay

  private constructor(
    bailiwick: Bailiwick,
    servers: ReadonlyMap<McpEra, ConformanceServer>,
    relay: Relay,
  ) {
    this.#bailiwick = bailiwick
    this.#servers = servers
    this.#relay = relay
  }

  /** Starts everything. */
  static async start(): Promise<ConformanceWorld> {
    const servers = new Map<McpEra, ConformanceServer>()
    const bailiwick = await Bailiwick.start()
    try {
      for (const era of Object.keys(SUITES) as McpEra[]) {
        const server = await ConformanceServer.start(era)
        servers.set(era, server)
        await pinOverHttp(bailiwick, systemOf(era), server.url)
      }
      await bailiwick.apply(POLICIES)
      await bailiwick.agent('suite', ['suite'])
      const relay = await Relay.start(bailiwick.gatewayUrl, await bailiwick.enrol('suite'))
      return new ConformanceWorld(bailiwick, servers, relay)
    } catch (error) {
      for (const server of servers.values()) await server[Symbol.asyncDispose]()
      await bailiwick[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Runs the suite of an era both ways. */
  async compare(era: McpEra): Promise<Compared> {
    const server = this.#servers.get(era)
    if (server === undefined) throw new Error(`no server of ${era}`)
    const direct = await runSuite(era, server.url)
    const governed = await runSuite(era, this.#relay.url(`/mcp/${systemOf(era)}`))
    return { direct, governed }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#relay[Symbol.asyncDispose]()
    await this.#bailiwick[Symbol.asyncDispose]()
    for (const server of this.#servers.values()) await server[Symbol.asyncDispose]()
  }
}

function systemOf(era: McpEra): string {
  return `era-${era.slice(0, 4)}`
}

/** Pins a server that is reached by Streamable HTTP on this machine, with the effects that it proposes. */
export async function pinOverHttp(bailiwick: Bailiwick, name: string, url: string): Promise<void> {
  const { control } = bailiwick
  const transport = { kind: 'mcp', url, reach: { private: true } } as const
  const looked = { name, transport, secrets: {} }
  const seen = await control.send('POST', '/v1/systems/inspect', looked, InspectAnswer)
  const effects = Object.fromEntries(seen.definition.actions.map((one) => [one.name, one.effects]))
  const { fingerprint } = seen
  const reason = 'set up by a test'
  await control.send('POST', '/v1/systems', { ...looked, effects, fingerprint, reason }, System)
}
