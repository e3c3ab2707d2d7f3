// Holds who is who in a home: roots, instances, what attests them, their tokens, and the actor behind a credential.

import { join } from 'node:path'
import { Actors } from '../authority/identity/actors.ts'
import { Attestors } from '../authority/identity/attest/attestors.ts'
import { Identities } from '../authority/identity/identities.ts'
import { JwtSvids } from '../authority/identity/jwt-svid.ts'
import { Roots } from '../authority/identity/roots.ts'
import type { Tokens } from '../authority/tokens/tokens.ts'
import type { Observe } from '../wire/observation.ts'
import { answerJoinRace, endWithSources } from './attest.ts'
import type { Ground, Machine } from './ground.ts'
import { openTokens } from './oauth.ts'
import type { Settings } from './settings.ts'
import type { Stack } from './stack.ts'
import { watchful } from './watch.ts'

/** Who is who. */
export interface IdentityParts {
  readonly roots: Roots
  readonly identities: Identities
  readonly attestors: Attestors
  readonly tokens: Tokens
  readonly actors: Actors
  readonly jwtSvids: JwtSvids
  /** Takes what surfaces see of credentials in use. */
  readonly observe: Observe
}

/** Opens it over the ground. `identityUrl` is known once the listener has its port. */
export async function openIdentity(
  of: {
    readonly ground: Ground
    readonly settings: Settings
    readonly machine: Machine
    readonly identityUrl: () => string
  },
  stack: Stack,
): Promise<IdentityParts> {
  const { ground, settings, machine, identityUrl } = of
  const { audit, authority, keys, note, onTrouble, store, trustDomain } = ground
  const { clock, entropy } = machine
  const { agents, delegations, people, tasks, trust } = authority
  const legacyPath = join(ground.keyFolder, 'ca.pem')
  const under = { ...machine, store, audit, trustDomain, onTrouble }
  const roots = await Roots.open({ ...under, keys: keys.roots, tokens: keys.tokens, legacyPath })
  stack.push(() => roots.close())
  const registry = {
    agentOf: (name: string) => agents.get(name),
    personOf: (id: string) => people.get(id),
  }
  const shared = { ...machine, store, audit, roots, registry, delegations, onTrouble }
  const { lockOn } = settings
  authority.history.breakers.set(settings.breaker)
  const observe = watchful({ authority, note, lockOn }, stack)
  const identities: Identities = await Identities.open({
    ...shared,
    sourceOf: (name) => trust.evidence(name),
    onJoinRace: (instance, agent) =>
      answerJoinRace({ authority, identities, lockOn, clock, observe }, { instance, agent }),
  })
  stack.push(() => identities.close())
  stack.push(endWithSources({ authority, identities }))
  const live = (id: string) => identities.live(id)
  // From here on what instances passed on is worth what those instances are.
  delegations.watch({
    live,
    onGone: (gone) => identities.onGone((instance) => gone(instance)),
  })
  const known = { ...shared, settings, machine, trustDomain, identities }
  const tokens = await openTokens({ ...known, signer: keys.tokens, identityUrl })
  stack.push(() => tokens.close())
  return {
    roots,
    identities,
    attestors: new Attestors({ sources: trust, clock, entropy }),
    tokens,
    actors: new Actors({ clock, registry, delegations, identities, tasks, tokens }),
    jwtSvids: new JwtSvids({ tokens: keys.tokens, trustDomain, live, audit, clock, entropy }),
    observe,
  }
}
