// Holds the third step: which pinned action of which system is meant, and whether the arguments fit its schema.

import type { JsonObject } from '../../std/json.ts'
import type { ActionDefinition, SystemDefinition } from '../../wire/system.ts'
import { argumentProblem } from '../arguments.ts'
import { deny, type Denial } from '../denial.ts'
import type { Ports } from '../ports.ts'

/** What was meant. */
export interface Resolved {
  readonly system: SystemDefinition
  readonly action: ActionDefinition
}

/**
 * Finds the pinned definition and checks the arguments against it. What nobody pinned does not exist; what changed so that the
 * policies in force do not hold with it is isolated.
 */
export function resolve(
  system: string,
  action: string,
  input: JsonObject,
  ports: Pick<Ports, 'systems' | 'policy' | 'pins'>,
): Resolved | Denial {
  const found = ports.systems.get(system)
  if (found === undefined) {
    return deny('resolve.unknown_system', `no system \`${system.slice(0, 64)}\` is registered`)
  }
  const isolated = ports.policy.isolation(found.name)
  if (isolated !== undefined) return deny('policy.isolated', isolated)
  const definition = found.actions.find((candidate) => candidate.name === action)
  if (definition === undefined) {
    return deny(
      'resolve.unknown_action',
      `${system} has no pinned action \`${action.slice(0, 64)}\``,
    )
  }
  if (ports.pins.quarantined(found.name, definition.name, input)) {
    return deny(
      'resolve.quarantined',
      `${found.name} has shown something else than what was pinned, and a person has to look at it`,
    )
  }
  const problem = argumentProblem(definition, input)
  if (problem !== undefined) return deny('resolve.bad_arguments', problem)
  return { system: found, action: definition }
}
