// Holds the fourth step: user ∩ every delegating agent ∩ agent ∩ task on the full arguments, by the policy set in force.

import type { Actor } from '../../wire/actor.ts'
import type { Decision, DecisionRequest } from '../../wire/decision.ts'
import type { CallRequest } from '../call.ts'
import { deny, type Denial } from '../denial.ts'
import { personOf } from '../person.ts'
import type { Ports } from '../ports.ts'
import type { Resolved } from './03-resolve.ts'
import { observe } from './04-observe.ts'

/** A decision, and what it was taken from. */
interface Decided {
  readonly asked: DecisionRequest
  readonly decision: Decision
}

/** The facts about an actor at a system that policy sees: every party, where both belong, what was attested. */
export function actorFacts(
  actor: Actor,
  system: string,
  systems: Ports['systems'],
): Pick<DecisionRequest, 'agent' | 'delegators' | 'person' | 'task' | 'environments' | 'attested'> {
  const { attested, chain, delegation, task } = actor
  const person = personOf(actor)
  return {
    agent: { instance: actor.instance, name: actor.agent, roles: actor.roles },
    ...(chain.length > 0 && {
      delegators: chain.map(({ instance, agent, roles }) => ({ instance, name: agent, roles })),
    }),
    ...(person !== undefined && {
      person: { id: person, roles: delegation?.personRoles ?? [] },
    }),
    ...(task !== undefined && { task }),
    environments: { agent: actor.environment, system: systems.environmentOf(system) },
    attested,
  }
}

/** Everything that a decision about one call is taken from, as it is now. */
function requestOf(
  actor: Actor,
  resolved: Resolved,
  { input, network }: Pick<CallRequest, 'input' | 'network'>,
  setAside: ReadonlySet<string>,
  ports: Pick<Ports, 'clock' | 'systems' | 'effects' | 'history'>,
): DecisionRequest {
  const { system, action } = resolved
  return {
    ...actorFacts(actor, system.name, ports.systems),
    system: system.name,
    action: action.name,
    input,
    effects: action.effects,
    ...ports.effects.of(system.name, action.name),
    history: ports.history.facts(actor, system.name, action.name),
    ...(network !== undefined && { network }),
    now: ports.clock.now(),
    setAside,
  }
}

/**
 * Decides, and says from what. `setAside` holds the gated forbids that an approval lifts for exactly this call. Where the agent is
 * observed, the answer is what takes effect.
 */
export function decide(
  actor: Actor,
  resolved: Resolved,
  request: Pick<CallRequest, 'input' | 'network'>,
  setAside: ReadonlySet<string>,
  ports: Pick<Ports, 'policy' | 'clock' | 'systems' | 'effects' | 'history' | 'observing'>,
): Decided {
  const asked = requestOf(actor, resolved, request, setAside, ports)
  return { asked, decision: observe(asked, ports.policy.decide(asked), ports) }
}

/** A denial by policy as the agent is told of it: the reason, and what would be right instead where that may be said. */
export function denied({ asked, decision }: Decided, { policy }: Pick<Ports, 'policy'>): Denial {
  const advice = policy.advise(asked, decision)
  const denial = deny('policy.denied', decision.reason)
  return advice.length === 0 ? denial : { ...denial, next: advice.join('; or: ') }
}
