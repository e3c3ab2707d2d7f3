// Holds fakes of the registry and of delegations for identity: maps that tests change, with the same refusals.

import type {
  DelegationLink,
  DelegationPort,
  RegistryPort,
} from '../../src/authority/identity/ports.ts'

/** An agent that tests may change. */
export interface FakeAgent {
  owner: string
  roles: string[]
  unattended: boolean
  state: 'active' | 'suspended' | 'retired'
}

/** Who is registered. */
export class FakeRegistry implements RegistryPort {
  readonly agents = new Map<string, FakeAgent>()
  readonly people = new Map<string, { id: string; roles: string[] }>()
  agentOf(name: string): FakeAgent | undefined {
    return this.agents.get(name)
  }
  personOf(id: string): { id: string; roles: string[] } | undefined {
    return this.people.get(id)
  }
}

/** On whose behalf instances act. */
export class FakeDelegations implements DelegationPort {
  readonly held = new Map<
    string,
    { person: string; agent: string; instance?: string; expiresAt: number }
  >()
  create(of: { person: string; agent: string; expiresAt: number }): Promise<{ id: string }> {
    const id = `delegation-${this.held.size + 1}`
    this.held.set(id, { ...of })
    return Promise.resolve({ id })
  }
  bind(id: string, instance: string): Promise<void> {
    const held = this.held.get(id)
    if (held === undefined || held.instance !== undefined) throw new Error('cannot be bound')
    held.instance = instance
    return Promise.resolve()
  }
  chainOf(id: string): DelegationLink[] | undefined {
    const held = this.held.get(id)
    return held === undefined ? undefined : [{ id, ...held }]
  }
}
