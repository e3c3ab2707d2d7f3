// Holds `tools/list`: the pinned tools that policy could let this instance call, and no others.

import type { JsonObject } from '../../std/json.ts'
import { observable } from '../../policy/life/observe.ts'
import type { Actor } from '../../wire/actor.ts'
import type { ActionDefinition, SystemDefinition } from '../../wire/system.ts'
import type { Ports } from '../ports.ts'
import { reachable } from '../steps/03-reachable.ts'
import { actorFacts } from '../steps/04-decide.ts'
import { inScope } from '../steps/04-scope.ts'

/** A pinned definition as MCP lists it. The upstream's hints are left out where a person confirmed labels instead. */
function listed(action: ActionDefinition): JsonObject {
  return {
    name: action.name,
    ...(action.title !== undefined && { title: action.title }),
    ...(action.description !== undefined && { description: action.description }),
    inputSchema: action.inputSchema,
    ...(action.outputSchema !== undefined && { outputSchema: action.outputSchema }),
    ...(action.annotations !== undefined && { annotations: action.annotations }),
  }
}

/**
 * Tools that are not denied whatever the arguments: the same policy that decides calls, asked without them. None of a system that is
 * isolated, or that the gateway has no way to.
 */
export function toolsList(
  actor: Actor,
  system: SystemDefinition,
  ports: Pick<Ports, 'policy' | 'clock' | 'locks' | 'systems' | 'effects' | 'observing'>,
): JsonObject {
  if (reachable(system) !== undefined || ports.policy.isolation(system.name) !== undefined) {
    return { tools: [] }
  }
  const observed = ports.observing.observed(actor.agent)
  const facts = actorFacts(actor, system.name, ports.systems)
  const now = ports.clock.now()
  const tools = system.actions.filter((action) => {
    if (!inScope(actor, system.name, action.name)) return false
    if (ports.locks.find(actor, system.name, action.name) !== undefined) return false
    const setOff = ports.effects.of(system.name, action.name)
    if (observed && observable(action.effects, setOff.triggered)) return true
    const asked = { system: system.name, action: action.name, effects: action.effects, now }
    return ports.policy.mayCall({ ...facts, ...asked, ...setOff })
  })
  return { tools: tools.map(listed) }
}
