// Holds a gateway over real upstream processes and fake ports, made anew for every test of a file.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CallControl, type CallRequest } from '../../src/gateway/call.ts'
import type { Conclusion } from '../../src/gateway/governing.ts'
import { NOTHING_EQUIPPED, type Equipment } from '../../src/gateway/equipment.ts'
import { McpOperation } from '../../src/gateway/mcp/operation.ts'
import { openGateway, type Gateway } from '../../src/gateway/open.ts'
import { systemDigest } from '../../src/gateway/upstream/definition.ts'
import type { JsonObject } from '../../src/std/json.ts'
import type { Presented } from '../../src/wire/presented.ts'
import type { McpEra } from '../../src/wire/system.ts'
import type { UpstreamAnswer } from '../../src/gateway/upstream/conversation.ts'
import { FakePorts } from './ports.ts'

const upstream = fileURLToPath(new URL('./upstream.ts', import.meta.url))

/** What becomes of a call of an MCP server. */
export type Governed = Conclusion<UpstreamAnswer>

/** What a test of the spine works with. */
export class SpineBench {
  readonly home = mkdtempSync(join(tmpdir(), 'bailiwick-spine-'))
  fake = new FakePorts()
  gateway: Gateway = this.open()

  constructor() {
    beforeEach(async () => {
      await this.gateway.close()
      this.fake = new FakePorts()
      this.gateway = this.open()
    })
    after(async () => {
      await this.gateway.close()
      rmSync(this.home, { recursive: true, force: true })
    })
  }

  open(): Gateway {
    return openGateway({
      ports: this.fake.ports,
      home: this.home,
      environment: { PATH: process.env['PATH'], OURS: 'no' },
    })
  }

  /** Pins the fake upstream of an era under the name `fake`. */
  async pin(era: McpEra, env: string[] = [], maxProcesses = 4): Promise<void> {
    const command = process.execPath
    const transport = { kind: 'stdio', command, args: [upstream, era], env } as const
    const found = await this.gateway.inspect(
      { name: 'fake', transport },
      equipmentOf(this.fake.secrets),
    )
    assert.equal(found.era, era)
    const system = { ...found, maxProcesses }
    this.fake.systems.set('fake', { ...system, digest: systemDigest(system) })
  }

  govern(
    action: string,
    input: JsonObject = {},
    more: Partial<CallRequest> = {},
  ): Promise<Governed> {
    return this.gateway.governor.govern(
      {
        presented: shown('cert-a'),
        system: 'fake',
        action,
        input,
        control: new CallControl(),
        leavingCancels: false,
        patienceMs: () => 2_000,
        ...more,
      },
      new McpOperation(this.gateway.pool, this.fake.ports),
    )
  }

  /** Types of all records so far. */
  get types(): string[] {
    return this.fake.records.map((record) => record.type)
  }

  /** Status of the newest outcome. */
  get lastStatus(): unknown {
    return this.fake.records.findLast((r) => r.type === 'call.outcome')?.body['status']
  }
}

/** Equipment of a program that needs these values. */
export function equipmentOf(environment: Readonly<Record<string, string>>): Equipment {
  return { ...NOTHING_EQUIPPED, environment, secrets: Object.values(environment) }
}

/** A certificate as it is shown; none where nothing is given. */
export function shown(certificate?: string): Presented {
  const resource = 'https://127.0.0.1:7443/mcp/fake'
  return certificate === undefined ? { resource } : { certificate, resource }
}

/** The text of a result. */
export function textOf(conclusion: Governed): string {
  assert.ok(
    conclusion.kind === 'done' && conclusion.value.kind === 'result',
    JSON.stringify(conclusion),
  )
  const { content } = conclusion.value.result
  const [first] = content as unknown as { readonly text: string }[]
  return first!.text
}

/** The code of a denial. */
export function codeOf(conclusion: Governed): string {
  assert.equal(conclusion.kind, 'denied', JSON.stringify(conclusion))
  return (conclusion as { denial: { code: string } }).denial.code
}
