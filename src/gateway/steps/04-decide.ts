// Holds the fourth step: user ∩ every delegating agent ∩ agent on the full arguments, by the policy set in force.

import type { Actor } from '../../wire/actor.ts'
import type { Decision, DecisionRequest } from '../../wire/decision.ts'
import type { JsonObject } from '../../std/json.ts'
import { personOf } from '../person.ts'
import type { Ports } from '../ports.ts'
import type { Resolved } from './03-resolve.ts'

/** The facts about an actor at a system that policy sees: every party, where both belong, what was attested. */
export function actorFacts(
  actor: Actor,
  system: string,
  systems: Ports['systems'],
): Pick<DecisionRequest, 'agent' | 'delegators' | 'person' | 'environments' | 'attested'> {
  const { attested, chain, delegation } = actor
  const person = personOf(actor)
  return {
    agent: { instance: actor.instance, name: actor.agent, roles: actor.roles },
    ...(chain.length > 0 && {
      delegators: chain.map(({ instance, agent, roles }) => ({ instance, name: agent, roles })),
    }),
    ...(person !== undefined && {
      person: { id: person, roles: delegation?.personRoles ?? [] },
    }),
    environments: { agent: actor.environment, system: systems.environmentOf(system) },
    attested,
  }
}

/** Decides. `setAside` holds the gated forbids that an approval lifts for exactly this call. */
export function decide(
  actor: Actor,
  resolved: Resolved,
  input: JsonObject,
  setAside: ReadonlySet<string>,
  ports: Pick<Ports, 'policy' | 'clock' | 'systems'>,
): Decision {
  return ports.policy.decide({
    ...actorFacts(actor, resolved.system.name, ports.systems),
    system: resolved.system.name,
    action: resolved.action.name,
    input,
    effects: resolved.action.effects,
    now: ports.clock.now(),
    setAside,
  })
}
