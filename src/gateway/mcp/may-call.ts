// Holds what of a system a caller may see: what policy could let it call, whatever the arguments were.

import { observable } from '../../policy/life/observe.ts'
import type { Actor } from '../../wire/actor.ts'
import type { ActionDefinition, SystemDefinition } from '../../wire/system.ts'
import type { SurfacePorts } from '../ports.ts'
import { reachable } from '../steps/03-reachable.ts'
import { actorFacts } from '../steps/04-decide.ts'
import { inScope } from '../steps/04-scope.ts'

/** What is asked for it. */
export type SeeingPorts = Pick<
  SurfacePorts,
  'policy' | 'clock' | 'locks' | 'systems' | 'effects' | 'observing'
>

/**
 * Tells of each action whether it is denied whatever the arguments: the same policy that decides calls, asked without them. Nothing of
 * a system that is isolated, that speaks no MCP, or that the gateway has no way to.
 */
export function mayCallOf(
  actor: Actor,
  system: SystemDefinition,
  ports: SeeingPorts,
): (action: ActionDefinition) => boolean {
  const { kind } = system.transport
  if (kind !== 'stdio' && kind !== 'mcp') return () => false
  if (reachable(system) !== undefined || ports.policy.isolation(system.name) !== undefined) {
    return () => false
  }
  const observed = ports.observing.observed(actor.agent)
  const facts = actorFacts(actor, system.name, ports.systems)
  const now = ports.clock.now()
  return (action) => {
    if (!inScope(actor, system.name, action.name)) return false
    if (ports.locks.find(actor, system.name, action.name) !== undefined) return false
    const setOff = ports.effects.of(system.name, action.name)
    if (observed && observable(action.effects, setOff.triggered)) return true
    const asked = { system: system.name, action: action.name, effects: action.effects, now }
    return ports.policy.mayCall({ ...facts, ...asked, ...setOff })
  }
}
