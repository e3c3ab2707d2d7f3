// Holds a token service over a real store and real keys, with instances and delegations that tests change.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {
  ChainPort,
  HolderPort,
  TokenHolder,
  TokenPorts,
} from '../../src/authority/tokens/ports.ts'
import { Tokens } from '../../src/authority/tokens/tokens.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { openStore, type Store } from '../../src/store/open.ts'
import type { Delegation } from '../../src/store/rows/delegation.ts'
import { FakeAudit } from './audit.ts'
import { FakeClock } from './clock.ts'
import { fakeSigner, fakeTokenKey, FakeTimer } from './identity.ts'

/** Instances that a test enrols and ends by hand. */
export class FakeHolders implements HolderPort {
  readonly held = new Map<string, TokenHolder>()
  readonly #listeners = new Set<(instance: string) => void>()
  live(id: string): TokenHolder | undefined {
    return this.held.get(id)
  }
  onGone(listener: (instance: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
  /** Ends an instance, as revoking it does. */
  end(id: string): void {
    this.held.delete(id)
    for (const listener of this.#listeners) listener(id)
  }
}

/** Delegations that a test makes and ends by hand. */
export class FakeChains implements ChainPort {
  readonly held = new Map<string, Delegation>()
  readonly #listeners = new Set<(delegation: string) => void>()
  chainOf(id: string): readonly Delegation[] | undefined {
    const chain: Delegation[] = []
    for (let at: string | undefined = id; at !== undefined;) {
      const one = this.held.get(at)
      if (one === undefined) return undefined
      chain.unshift(one)
      at = one.parent
    }
    return chain
  }
  onEnd(listener: (delegation: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
  end(id: string): void {
    this.held.delete(id)
    for (const listener of this.#listeners) listener(id)
  }
}

/** A token service; leaving the scope closes and deletes it. */
export interface TokenBench extends AsyncDisposable {
  readonly clock: FakeClock
  readonly timer: FakeTimer
  readonly audit: FakeAudit
  readonly store: Store
  readonly holders: FakeHolders
  readonly chains: FakeChains
  readonly ports: TokenPorts
  tokens: Tokens
  /** Closes the service and opens it again over the same store. */
  restart(): Promise<void>
}

/** The gateway that the tokens of tests are for. */
export const GATEWAY = 'https://127.0.0.1:7443/mcp'
/** Instance `n` of these tests. */
export const instanceId = (n: number): string =>
  `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`

/** Puts an instance of an agent, with one certificate of the fingerprint `aa…`, among the live ones. */
export function enrol(
  bench: Pick<TokenBench, 'clock' | 'holders'>,
  n: number,
  more: Partial<TokenHolder> = {},
): TokenHolder {
  const id = instanceId(n)
  const agent = more.agent ?? 'mail-sorter'
  const notAfter = bench.clock.now() + 3_600_000
  const holder: TokenHolder = {
    id,
    agent,
    spiffeId: `spiffe://bailiwick.test/agent/${agent}/${id}`,
    lifeEnds: bench.clock.now() + 86_400_000,
    certificates: new Map([['aa'.repeat(32), { notAfter }]]),
    ...more,
  }
  bench.holders.held.set(id, holder)
  return holder
}

/** Opens a token service whose clock stands at 2026-01-01. */
export async function tokenBench(
  options: Pick<TokenPorts, 'life' | 'unboundLife'> = {},
): Promise<TokenBench> {
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-tokens-'))
  const clock = new FakeClock()
  const timer = new FakeTimer()
  const audit = new FakeAudit()
  const store = await openStore({ directory: home, signer: fakeSigner('Ed25519') })
  const holders = new FakeHolders()
  const chains = new FakeChains()
  const ports: TokenPorts = {
    store,
    audit,
    signer: fakeTokenKey(),
    trustDomain: 'bailiwick.test',
    issuer: () => 'https://127.0.0.1:7402',
    holders,
    chains,
    clock,
    timer,
    entropy: systemEntropy,
    onTrouble: (error) => {
      throw error
    },
    ...options,
  }
  const bench: TokenBench = {
    clock,
    timer,
    audit,
    store,
    holders,
    chains,
    ports,
    tokens: await Tokens.open(ports),
    restart: async () => {
      await bench.tokens.close()
      bench.tokens = await Tokens.open(ports)
    },
    [Symbol.asyncDispose]: async () => {
      await bench.tokens.close()
      await store.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
  return bench
}
