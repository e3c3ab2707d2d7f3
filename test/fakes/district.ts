// Holds a small world for identity tests: a real store in a temporary home, a real root, an agent, a person.

import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Identities } from '../../src/authority/identity/identities.ts'
import type { IdentityPorts } from '../../src/authority/identity/ports.ts'
import type { Root } from '../../src/authority/identity/root.ts'
import { Roots, type RootsPorts } from '../../src/authority/identity/roots.ts'
import { openStore, type Store } from '../../src/store/open.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { FakeAudit } from './audit.ts'
import { FakeClock } from './clock.ts'
import { fakeRootKeys, fakeSigner, fakeTokenKey, FakeTimer } from './identity.ts'
import { FakeDelegations, FakeRegistry } from './registry.ts'

/** The person and the agents that every district begins with. */
export const PERSON = 'per_0'

/** One authority over one home. `AsyncDisposable`: leaving the scope closes and deletes it. */
export interface District extends AsyncDisposable {
  readonly home: string
  readonly clock: FakeClock
  readonly timer: FakeTimer
  readonly audit: FakeAudit
  readonly registry: FakeRegistry
  readonly delegations: FakeDelegations
  readonly store: Store
  roots: Roots
  /** The root that signs now. */
  readonly root: Root
  readonly troubles: unknown[]
  readonly ports: IdentityPorts
  identities: Identities
  /** Closes the service and opens it again over the same store, as a restart does. */
  restart(): Promise<void>
}

/** Opens a district whose clock stands at `now`. */
export async function openDistrict(
  now: number,
  options: Pick<IdentityPorts, 'certificateLife' | 'instanceLife' | 'sourceOf' | 'onJoinRace'> = {},
): Promise<District> {
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-identity-'))
  chmodSync(home, 0o700)
  const clock = new FakeClock(now)
  const timer = new FakeTimer()
  const audit = new FakeAudit()
  const registry = new FakeRegistry()
  registry.people.set(PERSON, { id: PERSON, roles: ['operator', 'finance'] })
  const agent = { owner: PERSON, state: 'active' as const }
  registry.agents.set('mail-sorter', { ...agent, roles: ['support', 'mail'], unattended: false })
  registry.agents.set('night-watch', { ...agent, roles: [], unattended: true })
  const delegations = new FakeDelegations()
  const store = await openStore({ directory: home, signer: fakeSigner('Ed25519') })
  const troubles: unknown[] = []
  const onTrouble = (error: unknown): void => void troubles.push(error)
  const rootPorts: RootsPorts = {
    store,
    audit,
    clock,
    timer,
    onTrouble,
    keys: fakeRootKeys(fakeSigner('ES256')),
    tokens: fakeTokenKey(),
    trustDomain: 'bailiwick.test',
    entropy: systemEntropy,
  }
  const roots = await Roots.open(rootPorts)
  const ports: IdentityPorts = {
    store,
    audit,
    roots,
    registry,
    delegations,
    clock,
    timer,
    entropy: systemEntropy,
    onTrouble,
    ...options,
  }
  const district: District = {
    home,
    clock,
    timer,
    audit,
    registry,
    delegations,
    store,
    roots,
    get root() {
      return district.roots.active
    },
    troubles,
    ports,
    identities: await Identities.open(ports),
    restart: async () => {
      await district.identities.close()
      await district.roots.close()
      district.roots = await Roots.open(rootPorts)
      district.identities = await Identities.open({ ...ports, roots: district.roots })
    },
    [Symbol.asyncDispose]: async () => {
      await district.identities.close()
      await district.roots.close()
      await store.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
  return district
}
