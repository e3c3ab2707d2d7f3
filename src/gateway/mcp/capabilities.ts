// Holds what an endpoint says that it can: what stands behind it, as far as the caller may use it.

import { isObject, type JsonObject } from '../../std/json.ts'
import type { Actor } from '../../wire/actor.ts'
import { MODERN_ERA } from '../../wire/mcp.ts'
import type { McpEra, SystemDefinition } from '../../wire/system.ts'
import type { Door } from './door.ts'
import { mayCallOf, type SeeingPorts } from './may-call.ts'

const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks'
/** The longest instructions of one system among others (characters). */
const INSTRUCTIONS_LIMIT = 8_192

/** What a door shows of itself to a caller. */
export interface Shown {
  readonly capabilities: JsonObject
  readonly instructions?: string
}

/** What one system adds. */
interface Can {
  listChanged: boolean
  prompts: boolean
  resources: boolean
  subscribe: boolean
  completions: boolean
  logging: boolean
  tasks: boolean
}

function lookAt(system: SystemDefinition, actor: Actor, ports: SeeingPorts, can: Can): void {
  const may = mayCallOf(actor, system, ports)
  const named = new Map(system.actions.map((action) => [action.name, action]))
  const mayUse = (method: string): boolean => {
    const action = named.get(method)
    return action !== undefined && may(action)
  }
  const { capabilities } = system
  const has = (kind: string, what: string): boolean => {
    const shown = capabilities?.[kind]
    return isObject(shown) && shown[what] === true
  }
  can.prompts ||= mayUse('prompts/get')
  can.resources ||= mayUse('resources/read') || mayUse('resources/list')
  can.subscribe ||= mayUse('resources/subscribe')
  can.completions ||= mayUse('completion/complete')
  can.tasks ||= mayUse('tasks/get')
  can.logging ||= isObject(capabilities?.['logging'])
  can.listChanged ||= ['tools', 'prompts', 'resources'].some((kind) => has(kind, 'listChanged'))
}

/** What a caller is shown at a door, in its era. A client of 2025-11-25 that cannot be told of changes is promised none. */
export function shownAt(
  door: Door,
  actor: Actor,
  era: McpEra,
  told: boolean,
  ports: SeeingPorts,
): Shown {
  const can: Can = {
    listChanged: false,
    prompts: false,
    resources: false,
    subscribe: false,
    completions: false,
    logging: false,
    tasks: false,
  }
  const words: string[] = []
  for (const system of door.systems(actor)) {
    lookAt(system, actor, ports, can)
    const { instructions, name } = system
    if (instructions === undefined) continue
    words.push(
      door.name === '' ? `${name}:\n${instructions.slice(0, INSTRUCTIONS_LIMIT)}` : instructions,
    )
  }
  const changes = told && can.listChanged && { listChanged: true }
  return {
    capabilities: {
      tools: { ...changes },
      ...(can.prompts && { prompts: { ...changes } }),
      ...(can.resources && {
        resources: { ...(can.subscribe && told && { subscribe: true }), ...changes },
      }),
      ...(can.completions && { completions: {} }),
      ...(can.logging && told && { logging: {} }),
      ...(can.tasks && tasksOf(era)),
    },
    ...(words.length > 0 && { instructions: words.join('\n\n') }),
  }
}

function tasksOf(era: McpEra): JsonObject {
  if (era === MODERN_ERA) return { extensions: { [TASKS_EXTENSION]: {} } }
  return { tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } }
}
