// Holds a home with a person, a row of agents with an instance each, and the chains that tests pass between them.

import type { Delegations } from '../../src/authority/delegation/delegations.ts'
import type { Authority } from '../../src/authority/open.ts'
import type { Delegation } from '../../src/store/rows/delegation.ts'
import { withAuthority, type AuthorityHome } from './authority.ts'
import { FakeInstances } from './instances.ts'

/** Agents of these tests, in the order in which they usually pass authority on. */
export const AGENTS = ['one', 'two', 'three', 'four', 'five', 'six'] as const

/** The instance of agent `n` (from 0), or another one of it. */
export function instanceOf(n: number, copy = 0): string {
  return `01900000-0000-7000-8000-0000000000${copy}${n}`
}

/** A home of delegations. */
export class DelegatedHome {
  readonly home: AuthorityHome
  readonly instances = new FakeInstances()
  authority: Authority
  person = ''

  private constructor(home: AuthorityHome, authority: Authority) {
    this.home = home
    this.authority = authority
  }

  get delegations(): Delegations {
    return this.authority.delegations
  }

  /** Runs with a fresh home, and takes it away however that ends. */
  static with(run: (home: DelegatedHome) => Promise<void>): Promise<void> {
    return withAuthority(async (home, authority) => {
      const made = new DelegatedHome(home, authority)
      const { people, agents, delegations } = authority
      const { id: person } = await people.create({ name: 'alice', roles: [] })
      made.person = person
      for (const [n, name] of AGENTS.entries()) {
        await agents.register(
          { name, owner: 'alice', purpose: 'a test', roles: [], unattended: n >= 4 },
          { person },
        )
        made.instances.held.set(instanceOf(n), { agent: name })
        made.instances.held.set(instanceOf(n, 1), { agent: name })
      }
      delegations.watch(made.instances)
      await run(made)
    })
  }

  /** ms since the epoch, so many seconds from now. */
  in(seconds: number): number {
    return this.home.clock.now() + seconds * 1_000
  }

  /** Alice hands to the first agent, whose first instance takes it up. */
  async head(more: { depth?: number; scope?: string[]; seconds?: number } = {}) {
    const { depth = 4, scope, seconds = 600 } = more
    const { id } = await this.delegations.create({
      person: 'alice',
      agent: AGENTS[0],
      ...(scope !== undefined && { scope }),
      depth,
      expiresAt: this.in(seconds),
    })
    return this.delegations.bind(id, instanceOf(0))
  }

  /** Agent `from` passes on what is above to agent `to`, whose first instance takes it up. */
  async pass(
    above: Delegation,
    from: number,
    to: number,
    more: { depth?: number; scope?: string[]; seconds?: number } = {},
  ): Promise<Delegation> {
    const { depth, scope, seconds } = more
    const passed = await this.delegations.pass({
      by: { instance: instanceOf(from), agent: AGENTS[from] ?? '' },
      parent: above.id,
      agent: AGENTS[to] ?? '',
      ...(scope !== undefined && { scope }),
      ...(depth !== undefined && { depth }),
      expiresAt: seconds === undefined ? above.expiresAt : this.in(seconds),
    })
    return this.delegations.bind(passed.id, instanceOf(to))
  }

  /** A whole chain, the head first. */
  async chain(links: number): Promise<Delegation[]> {
    const chain = [await this.head()]
    for (let n = 1; n < links; n++) chain.push(await this.pass(chain[n - 1]!, n - 1, n))
    return chain
  }

  /** What a restart does. */
  async reopen(): Promise<void> {
    this.authority = await this.home.reopen()
    this.delegations.watch(this.instances)
  }
}
