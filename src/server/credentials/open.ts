// Holds the credentials of a home put together: sources, tokens, consents, our own SVID, and what is looked after in the background.

import type { Authority } from '../../authority/open.ts'
import { signJwtSvid } from '../../authority/identity/jwt-svid.ts'
import type { Roots } from '../../authority/identity/roots.ts'
import type { Network } from '../../gateway/net/network.ts'
import type { Equipment } from '../../gateway/equipment.ts'
import type { CredentialPort } from '../../gateway/ports.ts'
import type { TokenKey } from '../../keys/ring.ts'
import { uuidv7 } from '../../std/id.ts'
import type { Lock } from '../../store/rows/lock.ts'
import type { LockUpstream } from '../../wire/lock-receipt.ts'
import { spiffeId } from '../../wire/spiffe.ts'
import { credentialPort } from '../equipment.ts'
import type { Machine } from '../ground.ts'
import { revokeAtLock } from './at-lock.ts'
import type { EquipParts, Personal } from './equipping.ts'
import { Candidates, equipLook, personalTo, type Look } from './looking.ts'
import { OwnSvid } from './own-svid.ts'
import { CredentialSources, type Opened } from './source.ts'
import { Subjects } from './subject.ts'
import { TokenCache } from './token-cache.ts'
import { UserConsents } from './user-consents.ts'
import { VaultClient, type VaultSettings } from './vault-client.ts'
import { VaultSource } from './vault-source.ts'

/** How often rotation, use and concerns are looked at (ms). */
const LOOK_MS = 1_000
/** How long after trouble they are looked at again (ms). */
const TROUBLED_MS = 300_000
/** A JWT-SVID for the vault is used once, at once (ms). */
const SVID_MS = 60_000

/** What they are opened over. */
export interface CredentialGround {
  readonly authority: Authority
  readonly roots: Pick<Roots, 'serving'>
  readonly tokenKey: TokenKey
  readonly trustDomain: string
  readonly network: Network
  readonly machine: Machine
  /** URL of our authorization server. */
  readonly issuer: () => string
  readonly controlUrl: () => string
  readonly vault: VaultSettings | undefined
  readonly onTrouble: (error: unknown) => void
}

/** The credentials. */
export interface Credentials {
  readonly port: CredentialPort
  readonly consents: UserConsents
  /** Takes back at systems what a lock reaches there. */
  revokeAtLock(lock: Lock): Promise<readonly LockUpstream[]>
  /** What a person looks at a system with, before it is pinned. Rejects with `credential.*`. */
  look(of: Look): Promise<Equipment>
  close(): Promise<void>
}

/** Opens them. */
export function openCredentials(ground: CredentialGround): Credentials {
  const { authority, machine, onTrouble } = ground
  const { secrets, usage, concerns, upstreamTokens, people } = authority
  const sources = openSources(ground)
  const candidates = new Candidates(machine.clock)
  const parts = equipParts(ground, sources, candidates)
  const redirectUri = (system: string) => `${ground.controlUrl()}/connect/${system}/callback`
  const consents = new UserConsents({
    parts,
    tokens: upstreamTokens,
    entropy: machine.entropy,
    redirectUri,
  })
  const leave = (): void => {
    consents.leave((id) => people.known(id)?.state === 'left').catch(onTrouble)
  }
  // Also what a crash kept from being taken back.
  leave()
  const stops = [
    people.onChange((person) => {
      if (person.state === 'left') leave()
    }),
    secrets.onChange((secret, change, person) => {
      parts.cache.forget(`${secret.system}\n`)
      concerns.changed(secret, change, person).catch(onTrouble)
    }),
    lookAfter(ground, sources),
  ]
  return {
    port: credentialPort({ ...parts, secrets, sources, usage }),
    consents,
    revokeAtLock: (lock) =>
      revokeAtLock(lock, {
        cache: parts.cache,
        tokens: upstreamTokens,
        consents,
        timer: machine.timer,
      }),
    look: (of) => {
      const has = (system: string, name: string) => secrets.get(system, name) !== undefined
      const origin = (system: string): string | undefined => {
        const transport = authority.systems.get(system)?.transport
        return transport !== undefined && 'url' in transport
          ? new URL(transport.url).origin
          : undefined
      }
      return equipLook(of, { parts, sources, has, candidates, spiffeId: ownId(ground), origin })
    },
    close: async () => {
      for (const stop of stops) stop()
      await usage.sweep({ all: true })
      await sources.close()
    },
  }
}

/** Our own name, as a client of others. */
function ownId({ trustDomain }: Pick<CredentialGround, 'trustDomain'>): string {
  return spiffeId({ kind: 'server', domain: trustDomain, role: 'gateway' })
}

function openSources(ground: CredentialGround): CredentialSources {
  const { authority, machine, network, tokenKey, vault } = ground
  const { clock, entropy, timer } = machine
  const self = ownId(ground)
  const jwtSvid = (audience: string): string =>
    signJwtSvid(tokenKey, {
      spiffeId: self,
      audience: [audience],
      id: uuidv7(clock, entropy),
      now: clock.now(),
      life: SVID_MS,
    })
  const client =
    vault === undefined ? undefined : new VaultClient(vault, { network, clock, timer, jwtSvid })
  return new CredentialSources({
    secrets: authority.secrets,
    vault: client === undefined ? undefined : new VaultSource(client, clock),
    clock,
  })
}

function equipParts(
  ground: CredentialGround,
  sources: CredentialSources,
  candidates: Candidates,
): EquipParts {
  const { authority, machine, network, roots } = ground
  const { clock, entropy, timer } = machine
  return {
    network,
    clock,
    timer,
    cache: new TokenCache(clock),
    svid: new OwnSvid({ roots, clock }),
    subjects: new Subjects({ key: ground.tokenKey, clock, entropy, issuer: ground.issuer }),
    tokens: authority.upstreamTokens,
    consentUrl: (system) => `${ground.controlUrl()}/connect/${system}`,
    personalOf: (system, person) =>
      personalTo({ candidates, pinned: (name) => pinned(authority, name) }, system, person),
    openShared: (system, name): Opened | Promise<Opened> =>
      sources.open({ system, name, perCall: false, signal: undefined }),
  }
}

/** A system that is called as each user alone. */
function pinned({ systems }: Pick<Authority, 'systems'>, system: string): Personal | undefined {
  const transport = systems.get(system)?.transport
  if (transport === undefined || !('auth' in transport) || transport.auth.kind !== 'user') {
    return undefined
  }
  return { system, transport, auth: transport.auth }
}

/** Goes on with a rotation that is under way, writes what was used, raises what people should know. The answer stops it. */
function lookAfter(
  { authority, machine, onTrouble }: CredentialGround,
  sources: Pick<CredentialSources, 'drop'>,
): () => void {
  const { keyRotation, usage, concerns } = authority
  let first = true
  const work = async (): Promise<void> => {
    sources.drop()
    await usage.sweep()
    await concerns.sweep()
    // At the start also what was sealed before there were envelopes.
    if (first || keyRotation.state.retired.length > 0) {
      await keyRotation.finish()
      first = false
    }
  }
  const look = (ms = LOOK_MS): (() => void) =>
    machine.timer.after(ms, () => {
      const again = (then: number): void => {
        if (!stopped) cancel = look(then)
      }
      work().then(
        () => again(LOOK_MS),
        (error: unknown) => {
          onTrouble(error)
          // What does not open now does not open in a second either: the log is not filled with it.
          again(TROUBLED_MS)
        },
      )
    })
  let stopped = false
  let cancel = look()
  return () => {
    stopped = true
    cancel()
  }
}
