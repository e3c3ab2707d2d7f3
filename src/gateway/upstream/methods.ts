// Holds the methods of the protocol as actions: which of them a server's capabilities show, what they take, and what they may do.

import { digest } from '../../std/bytes.ts'
import { canonicalJson, isObject, type JsonObject } from '../../std/json.ts'
import type { Effect } from '../../wire/effect.ts'
import { MODERN_ERA } from '../../wire/mcp.ts'
import type { ActionDefinition, McpEra, PromptDefinition } from '../../wire/system.ts'

/** The extension by which revision 2026-07-28 has tasks. */
const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks'
/** Arguments of prompts that policies can name one by one. */
const MAX_ARGUMENTS = 256

const TEXT: JsonObject = { type: 'string', maxLength: 8_192 }
const CURSOR = object({ cursor: TEXT })
const URI = object({ uri: { type: 'string', minLength: 1, maxLength: 8_192 } }, ['uri'])
const TASK = object({ taskId: { type: 'string', minLength: 1, maxLength: 1_024 } }, ['taskId'])

/** What a method takes and what it may do, as long as nobody confirmed anything else. */
interface Method {
  readonly schema: JsonObject
  readonly effects: readonly Effect[]
  readonly description: string
}

function object(properties: JsonObject, required: readonly string[] = []): JsonObject {
  return {
    type: 'object',
    properties,
    ...(required.length > 0 && { required: [...required] }),
    additionalProperties: false,
  }
}

/** What the name of an action has in it exactly where it is a method of the protocol. */
export function isMethod(action: string): boolean {
  return action.includes('/')
}

const READING: Readonly<Record<string, Method>> = {
  'resources/list': {
    schema: CURSOR,
    effects: ['read'],
    description: 'lists the resources that there are',
  },
  'resources/templates/list': {
    schema: CURSOR,
    effects: ['read'],
    description: 'lists the templates of resources',
  },
  'resources/read': { schema: URI, effects: ['read'], description: 'reads one resource' },
}

const SUBSCRIBING: Readonly<Record<string, Method>> = {
  'resources/subscribe': {
    schema: URI,
    effects: ['read'],
    description: 'is told when a resource changes',
  },
  'resources/unsubscribe': {
    schema: URI,
    effects: ['read'],
    description: 'is no longer told when a resource changes',
  },
}

const COMPLETING: Readonly<Record<string, Method>> = {
  'completion/complete': {
    schema: object(
      {
        ref: {
          type: 'object',
          properties: {
            type: { type: 'string', enum: ['ref/prompt', 'ref/resource'] },
            name: TEXT,
            title: TEXT,
            uri: TEXT,
          },
          required: ['type'],
          additionalProperties: false,
        },
        argument: object({ name: TEXT, value: TEXT }, ['name', 'value']),
        context: object({ arguments: { type: 'object', additionalProperties: TEXT } }),
      },
      ['ref', 'argument'],
    ),
    effects: ['read'],
    description: 'proposes values for an argument of a prompt or a template',
  },
}

/** What a server may ask of whoever calls it. The principal of these is the system. */
const BACK: Readonly<Record<string, Method>> = {
  'elicitation/create': {
    schema: { type: 'object', additionalProperties: true },
    effects: ['read', 'external'],
    description: 'asks the person at the agent for something',
  },
  'roots/list': {
    schema: object({}),
    effects: ['read'],
    description: 'asks the agent for the folders that it works in',
  },
  'sampling/createMessage': {
    schema: { type: 'object', additionalProperties: true },
    effects: ['read', 'external', 'spend'],
    description: "asks the agent's model for a completion",
  },
}

function prompting(prompts: readonly PromptDefinition[]): Readonly<Record<string, Method>> {
  const names = prompts.map(({ name }) => name)
  const taken = new Set(prompts.flatMap((prompt) => prompt.arguments.map(({ name }) => name)))
  const known = [...taken].sort().slice(0, MAX_ARGUMENTS)
  const given = Object.fromEntries(known.map((name) => [name, { type: 'string' }]))
  // What nobody pinned is no prompt: it does not fit.
  const name: JsonObject = { type: 'string', enum: names }
  return {
    'prompts/get': {
      schema: object({ name, arguments: object(given) }, ['name']),
      effects: ['read'],
      description: 'reads one prompt',
    },
  }
}

function tasking(capabilities: JsonObject, era: McpEra): Readonly<Record<string, Method>> {
  const read = { schema: TASK, effects: ['read'] } as const
  const cancel: Method = { schema: TASK, effects: ['write'], description: 'ends a task' }
  const get: Method = { ...read, description: 'asks how a task stands' }
  if (era === MODERN_ERA) {
    const { extensions } = capabilities
    if (!isObject(extensions) || !isObject(extensions[TASKS_EXTENSION])) return {}
    const update = object(
      {
        taskId: { type: 'string', minLength: 1, maxLength: 1_024 },
        inputResponses: { type: 'object', additionalProperties: true },
      },
      ['taskId'],
    )
    return {
      'tasks/get': get,
      'tasks/update': {
        schema: update,
        effects: ['write'],
        description: 'answers what a task asked',
      },
      'tasks/cancel': cancel,
    }
  }
  const { tasks } = capabilities
  if (!isObject(tasks)) return {}
  return {
    'tasks/get': get,
    'tasks/result': { ...read, description: 'waits for the result of a task' },
    ...(isObject(tasks['list']) && {
      'tasks/list': { schema: CURSOR, effects: ['read'], description: 'lists tasks' },
    }),
    ...(isObject(tasks['cancel']) && { 'tasks/cancel': cancel }),
  }
}

function definition(name: string, { schema, effects, description }: Method): ActionDefinition {
  const shape = { name, description, inputSchema: schema }
  return { ...shape, effects, digest: digest(canonicalJson(shape)) }
}

/**
 * The methods that a server's capabilities show, as actions with proposed effects, by name; and what it might ask back, which is there
 * for every server so that policy can name it.
 */
export function methodActions(
  capabilities: JsonObject,
  era: McpEra,
  prompts: readonly PromptDefinition[],
): ActionDefinition[] {
  const { resources } = capabilities
  const methods = {
    ...(isObject(resources) && READING),
    ...(isObject(resources) && resources['subscribe'] === true && SUBSCRIBING),
    ...(prompts.length > 0 && prompting(prompts)),
    ...(isObject(capabilities['completions']) && COMPLETING),
    ...tasking(capabilities, era),
    ...BACK,
  }
  return Object.entries(methods)
    .map(([name, method]) => definition(name, method))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
