// Holds the making of an actor: who acts, under whose authority, within which scopes, of what it is attested to be made.

import {
  DISTRICT_SELECTOR,
  type Actor,
  type ActorCredential,
  type Composition,
  type CompositionElement,
  type Delegator,
} from '../../wire/actor.ts'
import { boundTask } from '../delegation/task.ts'
import { rolesNow } from '../registry/roles.ts'
import type { DelegationLink, IdentityPorts } from './ports.ts'

/** The environment of agents that name none. */
const DEFAULT_ENVIRONMENT = 'default'

// Shared, so that an actor without a chain costs nothing for it.
const NOBODY: readonly Delegator[] = Object.freeze([])
const NO_SCOPES: Actor['scopes'] = Object.freeze([])
const NOTHING: Actor['attested'] = Object.freeze({})

/** On whose behalf an instance acts, with the whole chain, the highest first; `unattended` for the agents that are registered so. */
export type Behalf =
  (NonNullable<Actor['delegation']> & { readonly chain: readonly DelegationLink[] }) | 'unattended'

/** What an actor is made from; everything in it was found to hold now. */
export interface ActorParts {
  readonly instance: {
    readonly id: string
    readonly agent: string
    readonly spiffeId: string
    readonly lifeEnds: number
    readonly composition?: Composition
    readonly attested?: { readonly selectors: readonly string[] }
  }
  readonly behalf: Behalf
  readonly credential: ActorCredential
  /** Scope of the token, where there is one that has one. */
  readonly scope?: readonly string[]
}

/** Makes the actor; undefined when its agent is not registered (any more). */
export function actorFrom(
  { clock, registry }: Pick<IdentityPorts, 'clock' | 'registry'>,
  { instance, behalf, credential, scope }: ActorParts,
): Actor | undefined {
  const agent = registry.agentOf(instance.agent)
  if (agent === undefined) return undefined
  const now = clock.now()
  const chain = behalf === 'unattended' ? [] : behalf.chain
  const delegators = chain.length < 2 && chain[0]?.by === undefined ? NOBODY : above(chain)
  let taskless = agent.taskless === true
  // Where nobody is registered behind a link any more, it is no link: a chain that holds has none of those.
  const known = delegators.map((one) => {
    const giver = registry.agentOf(one.agent)
    taskless &&= giver?.taskless === true
    return giver && { ...one, roles: [...rolesNow(giver, now)].sort(), owner: giver.owner }
  })
  if (known.includes(undefined)) return undefined
  const task = boundTask(chain)
  return {
    instance: instance.id,
    agent: instance.agent,
    spiffeId: instance.spiffeId,
    roles: [...rolesNow(agent, now)].sort(),
    owner: agent.owner,
    environment: agent.environment ?? DEFAULT_ENVIRONMENT,
    ...(behalf === 'unattended'
      ? {}
      : {
          delegation: {
            id: behalf.id,
            person: behalf.person,
            personRoles: behalf.personRoles,
            ...(task !== undefined && { task }),
          },
        }),
    chain: delegators === NOBODY ? NOBODY : known.flatMap((one) => one ?? []),
    scopes: scopesOf(chain, scope),
    credential,
    lifeEnds: instance.lifeEnds,
    ...(taskless && { taskless }),
    ...(instance.attested?.selectors.includes(DISTRICT_SELECTOR) === true && {
      district: true as const,
    }),
    attested: attestedOf(instance.composition),
  }
}

/** Who passed authority on, each with the delegation under which it has it itself. */
function above(chain: readonly DelegationLink[]): readonly Delegator[] {
  return chain.flatMap(({ by, parent = '' }) =>
    by === undefined ? [] : [{ delegation: parent, ...by, roles: [], owner: '' }],
  )
}

function scopesOf(
  chain: readonly DelegationLink[],
  scope: readonly string[] | undefined,
): Actor['scopes'] {
  if (scope === undefined && chain.every((link) => link.scope === undefined)) return NO_SCOPES
  const scopes = chain.flatMap((link) => (link.scope === undefined ? [] : [link.scope]))
  return scope === undefined ? scopes : [...scopes, scope]
}

function attestedOf(composition: Composition | undefined): Actor['attested'] {
  if (composition === undefined) return NOTHING
  const attested: Partial<Record<CompositionElement, string>> = {}
  for (const [name, element] of Object.entries(composition)) {
    if (element.assurance === 'attested') attested[name as CompositionElement] = element.value
  }
  return attested
}
