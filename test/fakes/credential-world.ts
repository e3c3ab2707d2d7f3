// Holds a home with systems on the network, their credentials and everything that equips calls; only calls and token endpoints are made up.

import { openCredentials, type Credentials } from '../../src/server/credentials/open.ts'
import type { VaultSettings } from '../../src/server/credentials/vault-client.ts'
import { Roots } from '../../src/authority/identity/roots.ts'
import type { Authority } from '../../src/authority/open.ts'
import { CallControl } from '../../src/gateway/call.ts'
import type { Equipment } from '../../src/gateway/equipment.ts'
import { Network } from '../../src/gateway/net/network.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { systemTimer, type Timer } from '../../src/std/timer.ts'
import type { SystemDefinition, Transport } from '../../src/wire/system.ts'
import type { UpstreamAuth } from '../../src/wire/upstream-auth.ts'
import { actorOf, AuthorityHome, systemNamed } from './authority.ts'
import { TokenServer } from './token-server.ts'

/** Where people are, in this world. */
export const CONTROL = 'http://bailiwick.localhost:7400'

/** Options of one call. */
interface Calling {
  readonly agent?: string
  /** Person id; absent: nobody stands behind it. */
  readonly person?: string
  readonly control?: CallControl
  /** False: its intent is not on record. */
  readonly recorded?: boolean
}

/** The world of one test. */
export class CredentialWorld {
  readonly home = new AuthorityHome()
  readonly network = new Network()
  readonly troubles: unknown[] = []
  authority!: Authority
  credentials!: Credentials
  endpoint!: TokenServer
  #roots!: Roots

  static async open(vault?: VaultSettings, timer: Timer = systemTimer): Promise<CredentialWorld> {
    const world = new CredentialWorld()
    world.authority = await world.home.open()
    world.endpoint = await TokenServer.open()
    const { home } = world
    const onTrouble = (error: unknown): void => void world.troubles.push(error)
    world.#roots = await Roots.open({
      keys: home.keys.roots,
      tokens: home.keys.tokens,
      trustDomain: 'world.test',
      store: home.store,
      audit: home.audit,
      clock: home.clock,
      timer: home.timer,
      entropy: systemEntropy,
      onTrouble,
    })
    world.credentials = openCredentials({
      authority: world.authority,
      roots: world.#roots,
      tokenKey: home.keys.tokens,
      trustDomain: 'world.test',
      network: world.network,
      machine: { clock: home.clock, timer, entropy: systemEntropy },
      issuer: () => 'https://identity.world.test',
      controlUrl: () => CONTROL,
      vault,
      onTrouble,
    })
    return world
  }

  /** Certificates that are trusted in this world, as PEM. */
  get trusted(): string {
    return this.#roots.pems()
  }

  /** Pins a system that is called with `auth`. */
  async system(
    name: string,
    auth: UpstreamAuth,
    url = 'https://api.example',
  ): Promise<SystemDefinition> {
    return this.pin(name, { kind: 'mcp', url, auth, reach: { private: true } })
  }

  /** Pins a system. */
  async pin(name: string, transport: Transport): Promise<SystemDefinition> {
    const definition = {
      ...systemNamed(name, `sha256:${name}${Math.abs(this.#pins++)}`),
      transport,
    }
    await this.authority.systems.pin(definition, { person: 'per_1', reason: 'test' })
    return definition
  }
  #pins = 0

  /** Stores a value. */
  secret(system: string, name: string, value: string): Promise<void> {
    return this.authority.secrets.put(system, name, value, { person: 'per_1' })
  }

  /** Equips one call, as the spine does. */
  async equip(system: SystemDefinition, of: Calling = {}): Promise<Equipment> {
    const { agent = 'worker', person, control = new CallControl(), recorded = true } = of
    return this.credentials.port.equip({
      id: 'call',
      actor: actorOf(agent, 'per_1', person),
      system,
      request: { control },
      ...(recorded && { intent: 'leaf' }),
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.credentials.close()
    await this.endpoint.close()
    await this.network.close()
    await this.#roots.close()
    await this.home.dispose()
  }
}
