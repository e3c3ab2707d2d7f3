// Holds a spine over a real upstream and a real authority, for tests of what calls use up: only policy and identities are faked.

import assert from 'node:assert/strict'
import { CallControl, type CallRequest } from '../../src/gateway/call.ts'
import { NOTHING_EQUIPPED } from '../../src/gateway/equipment.ts'
import { McpOperation } from '../../src/gateway/mcp/operation.ts'
import { openGateway, type Gateway } from '../../src/gateway/open.ts'
import type { Authority } from '../../src/authority/open.ts'
import { systemDigest } from '../../src/gateway/upstream/definition.ts'
import type { JsonObject } from '../../src/std/json.ts'
import type { Actor } from '../../src/wire/actor.ts'
import type { ActionDefinition } from '../../src/wire/system.ts'
import type { TaskBudget, TaskFacts } from '../../src/wire/task.ts'
import { AuthorityHome } from './authority.ts'
import { actor, FakePorts } from './ports.ts'
import { shown, type Governed } from './spine.ts'
import { upstreamProgram } from './upstream-program.ts'

/** A person, an agent of theirs, a system, and a gateway that counts. Leaving the scope closes and deletes it. */
export class BudgetBench {
  readonly home = new AuthorityHome()
  readonly fake = new FakePorts()
  #authority: Authority | undefined
  #gateway: Gateway | undefined
  /** Id of the person ada, an administrator. */
  ada = ''

  /** Opens everything, with the agent `bot` registered. */
  static async open(): Promise<BudgetBench> {
    const bench = new BudgetBench()
    bench.home.audit.now = () => bench.home.clock.now()
    bench.#authority = await bench.home.open()
    const { agents, people } = bench.authority
    bench.ada = (await people.create({ name: 'ada', roles: ['administrator'] })).id
    for (const name of ['bot', 'helper']) {
      await agents.register(
        { name, owner: 'ada', purpose: 'a test', roles: [], unattended: false },
        { person: bench.ada },
      )
    }
    bench.#openGateway()
    await bench.#pin()
    bench.be({})
    return bench
  }

  get authority(): Authority {
    assert.ok(this.#authority)
    return this.#authority
  }

  /** What a crash and a start do: nothing is written, everything is read again. */
  async crash(): Promise<void> {
    await this.#gateway?.close()
    this.#authority = await this.home.reopen()
    await this.#authority.history.restore(this.home.audit)
    this.#openGateway()
  }

  /** Who shows `cert-a` (or another certificate) from now on. */
  be(of: Partial<Actor>, certificate = 'cert-a'): Actor {
    const { ada: person } = this
    const delegation = { id: 'del_1', person, personRoles: [] }
    const made: Actor = { ...actor(certificate, 'bot'), delegation, ...of }
    this.fake.actors.set(certificate, made)
    return made
  }

  /** A task of the bot with a budget, as an actor carries it; it is opened for good. */
  async task(budget: TaskBudget): Promise<TaskFacts> {
    const task = await this.authority.tasks.open(
      { intent: 'a test', agent: 'bot', scope: [{ action: 'fake/*' }], budget },
      { person: this.ada },
    )
    return { ...task, scopeDigest: 'sha256:scope' }
  }

  /** Changes what a person confirmed about an action. */
  label(name: string, more: Partial<ActionDefinition>): void {
    const system = this.fake.systems.get('fake')!
    const actions = system.actions.map((one) => (one.name === name ? { ...one, ...more } : one))
    this.fake.systems.set('fake', { ...system, actions })
  }

  call(
    action: string,
    input: JsonObject = {},
    more: Partial<CallRequest> & { readonly as?: string } = {},
  ): Promise<Governed> {
    const { as = 'cert-a', ...rest } = more
    assert.ok(this.#gateway)
    return this.#gateway.governor.govern(
      {
        presented: shown(as),
        system: 'fake',
        action,
        input,
        control: new CallControl(),
        leavingCancels: false,
        patienceMs: () => 5_000,
        ...rest,
      },
      new McpOperation(this.#gateway.pool, this.fake.ports),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gateway?.close()
    await this.authority.settled()
    await this.home.dispose()
  }

  #openGateway(): void {
    const { clock } = this.home
    const ports = {
      ...this.fake.ports,
      audit: this.home.audit,
      clock,
      history: this.authority.history,
    }
    this.#gateway = openGateway({
      ports,
      home: this.home.directory,
      environment: { PATH: process.env['PATH'] },
    })
  }

  async #pin(): Promise<void> {
    const command = process.execPath
    const transport = {
      kind: 'stdio',
      command,
      args: [upstreamProgram, '2025-11-25'],
      env: [],
    } as const
    assert.ok(this.#gateway)
    const found = await this.#gateway.inspect({ name: 'fake', transport }, NOTHING_EQUIPPED)
    const system = { ...found, maxProcesses: 4 }
    this.fake.systems.set('fake', { ...system, digest: systemDigest(system) })
  }
}

/** What became of a call, in one word: `result`, or the code of its denial. */
export function fate(conclusion: Governed): string {
  if (conclusion.kind === 'denied') return conclusion.denial.code
  return conclusion.kind === 'done' ? conclusion.value.kind : conclusion.kind
}
