// Holds the fourth step: user ∩ agent on the full arguments, by the policy set in force.

import type { Actor } from '../../wire/actor.ts'
import type { Decision, DecisionRequest } from '../../wire/decision.ts'
import type { JsonObject } from '../../std/json.ts'
import type { Ports } from '../ports.ts'
import type { Resolved } from './03-resolve.ts'

/** The facts about an actor that policy sees. */
export function actorFacts(actor: Actor): Pick<DecisionRequest, 'agent' | 'person'> {
  const { delegation } = actor
  return {
    agent: { instance: actor.instance, name: actor.agent, roles: actor.roles },
    ...(delegation !== undefined && {
      person: { id: delegation.person, roles: delegation.personRoles },
    }),
  }
}

/** Decides. `setAside` holds the gated forbids that an approval lifts for exactly this call. */
export function decide(
  actor: Actor,
  resolved: Resolved,
  input: JsonObject,
  setAside: ReadonlySet<string>,
  ports: Pick<Ports, 'policy' | 'clock'>,
): Decision {
  return ports.policy.decide({
    ...actorFacts(actor),
    system: resolved.system.name,
    action: resolved.action.name,
    input,
    effects: resolved.action.effects,
    now: ports.clock.now(),
    setAside,
  })
}
