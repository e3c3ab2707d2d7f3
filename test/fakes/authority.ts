// Holds a home for tests of the authority: a real database and real keys in a temporary directory, time and records faked.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openAuthority, type Authority, type GovernanceTimes } from '../../src/authority/open.ts'
import { openKeyRing } from '../../src/keys/file.ts'
import type { KeyRing } from '../../src/keys/ring.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { Fault } from '../../src/std/fault.ts'
import type { Store } from '../../src/store/open.ts'
import { rowsOf, type TestRows } from './rows.ts'
import type { Actor } from '../../src/wire/actor.ts'
import type { SystemDefinition } from '../../src/wire/system.ts'
import { FakeAudit } from './audit.ts'
import { FakeClock } from './clock.ts'
import { FakeTimer } from './identity.ts'

/** A home that can be closed, written to by hand, and opened again. */
export class AuthorityHome {
  readonly directory = mkdtempSync(join(tmpdir(), 'bailiwick-authority-'))
  readonly clock = new FakeClock()
  readonly timer = new FakeTimer()
  readonly audit = new FakeAudit()
  readonly troubles: Fault[] = []
  /** How long people wait who govern alone, or newly. */
  governance: GovernanceTimes = {}
  readonly keys: KeyRing = openKeyRing(join(this.directory, 'keys'), { entropy: systemEntropy })
  readonly #rows = rowsOf(this.directory)
  #store: Store | undefined

  async open(): Promise<Authority> {
    this.#store = await (await this.#rows).open(this.keys.authority)
    return openAuthority({
      store: this.#store,
      keys: this.keys,
      audit: this.audit,
      clock: this.clock,
      timer: this.timer,
      entropy: systemEntropy,
      onTrouble: (trouble) => this.troubles.push(trouble),
      governance: this.governance,
    })
  }

  /** The database as the authority has it open. */
  get store(): Store {
    if (this.#store === undefined) throw new Error('not open')
    return this.#store
  }

  /** What a restart does. */
  async reopen(): Promise<Authority> {
    await this.#store?.close()
    return this.open()
  }

  /** Where the rows are. */
  get rows(): Promise<TestRows> {
    return this.#rows
  }

  /** Runs statements as somebody with a database client would, between two runs of the server. */
  async editByHand(statements: string): Promise<void> {
    await this.#store?.close()
    await (await this.#rows).edit(statements)
  }

  async dispose(): Promise<void> {
    await this.#store?.close()
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** Runs with a fresh home, and takes it away however that ends. */
export async function withAuthority(
  run: (home: AuthorityHome, authority: Authority) => Promise<void>,
): Promise<void> {
  const home = new AuthorityHome()
  try {
    await run(home, await home.open())
  } finally {
    await home.dispose()
  }
}

/** Expects the code of a Fault, and words in its detail. */
export function faultOf(code: string, says = /./): (error: unknown) => boolean {
  return (error) => error instanceof Fault && error.code === code && says.test(error.detail)
}

/** A system of two actions. */
export function systemNamed(name: string, digest = 'sha256:one'): SystemDefinition {
  const action = (of: string, effects: SystemDefinition['actions'][number]['effects']) => ({
    name: of,
    inputSchema: { type: 'object' },
    effects,
    digest: `sha256:${of}`,
  })
  return {
    name,
    transport: { kind: 'stdio', command: '/usr/bin/server', args: [], env: ['TOKEN'] },
    era: '2025-11-25',
    server: { name, version: '1' },
    actions: [action('read_file', ['read']), action('move_file', ['write', 'destructive'])],
    maxProcesses: 2,
    digest,
  }
}

/** An actor of an agent, on a person's behalf where one is named. */
export function actorOf(agent: string, owner: string, person?: string): Actor {
  const instance = '01900000-0000-7000-8000-000000000001'
  return {
    instance,
    agent,
    spiffeId: `spiffe://test/agent/${agent}/${instance}`,
    roles: [],
    owner,
    ...(person === undefined ? {} : { delegation: { id: 'delegation', person, personRoles: [] } }),
    environment: 'default',
    chain: [],
    scopes: [],
    credential: { kind: 'x509', id: 'ab'.repeat(32), binding: 'mtls', ends: 2_000_000_000_000 },
    taskless: true,
    attested: {},
    lifeEnds: 2_000_000_000_000,
  }
}
