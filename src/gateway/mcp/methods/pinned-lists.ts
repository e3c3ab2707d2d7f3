// Holds the lists that are answered from what a person pinned: tools, prompts and templates, as far as the caller may use them.

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { JsonObject } from '../../../std/json.ts'
import { RPC } from '../../../wire/mcp.ts'
import type { Actor } from '../../../wire/actor.ts'
import type {
  ActionDefinition,
  PromptDefinition,
  SystemDefinition,
  TemplateDefinition,
} from '../../../wire/system.ts'
import { isMethod } from '../../upstream/methods.ts'
import { refusal, type CallAnswer } from '../call-answer.ts'
import { dressed } from '../dress.ts'
import { mayCallOf } from '../may-call.ts'
import { LONGEST_NAME, type Naming } from '../naming.ts'
import { accessListed } from '../request-access.ts'
import type { MethodParts, Turn } from '../turn.ts'

/** Entries of one page. Most clients read no second one. */
const PAGE = 1_000
/** Systems of the joined endpoint that are looked at in one turn: others are served in between. */
const SYSTEMS_PER_TURN = 8

/** Under which key of a result's `_meta` it stands what the joined list leaves out, and why. */
const LEFT_OUT = 'dev.bailiwick/left_out'

/** What one system adds to a list. */
interface Listing {
  readonly listed: JsonObject[]
  /** Names that are too long with the system's before them. */
  readonly leftOut: string[]
}

type Lister = (actor: Actor, system: SystemDefinition, names: Naming, parts: MethodParts) => Listing

/** A pinned tool as MCP lists it. The upstream's hints are left out where a person confirmed labels instead. */
function toolListed(action: ActionDefinition, name: string): JsonObject {
  return {
    name,
    ...(action.title !== undefined && { title: action.title }),
    ...(action.description !== undefined && { description: action.description }),
    inputSchema: action.inputSchema,
    ...(action.outputSchema !== undefined && { outputSchema: action.outputSchema }),
    ...(action.annotations !== undefined && { annotations: action.annotations }),
    ...(action.taskSupport !== undefined && { execution: { taskSupport: action.taskSupport } }),
  }
}

/** Tools that are not denied whatever the arguments. */
const tools: Lister = (actor, system, names, { ports }) => {
  const may = mayCallOf(actor, system, ports)
  const listed: JsonObject[] = []
  const leftOut: string[] = []
  for (const action of system.actions) {
    if (isMethod(action.name) || !may(action)) continue
    const name = names.name(action.name)
    if (name.length > LONGEST_NAME) leftOut.push(name)
    else listed.push(toolListed(action, name))
  }
  return { listed, leftOut }
}

function promptListed(prompt: PromptDefinition, name: string): JsonObject {
  return {
    name,
    ...(prompt.title !== undefined && { title: prompt.title }),
    ...(prompt.description !== undefined && { description: prompt.description }),
    ...(prompt.arguments.length > 0 && { arguments: prompt.arguments.map((one) => ({ ...one })) }),
  }
}

/** The method of a system, where it was pinned with it. */
function methodOf(system: SystemDefinition, name: string): ActionDefinition | undefined {
  return system.actions.find((action) => action.name === name)
}

const prompts: Lister = (actor, system, names, { ports }) => {
  const get = methodOf(system, 'prompts/get')
  if (get === undefined || !mayCallOf(actor, system, ports)(get)) return { listed: [], leftOut: [] }
  const listed: JsonObject[] = []
  const leftOut: string[] = []
  for (const prompt of system.prompts ?? []) {
    const name = names.name(prompt.name)
    if (names.name('') !== '' && name.length > LONGEST_NAME) leftOut.push(name)
    else listed.push(promptListed(prompt, name))
  }
  return { listed, leftOut }
}

function templateListed(template: TemplateDefinition, names: Naming): JsonObject {
  const { name, title, description, mimeType, uriTemplate } = template
  return {
    name,
    uriTemplate: names.uri(uriTemplate),
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    ...(mimeType !== undefined && { mimeType }),
  }
}

const templates: Lister = (actor, system, names, { ports }) => {
  const read = methodOf(system, 'resources/read')
  if (read === undefined || !mayCallOf(actor, system, ports)(read)) {
    return { listed: [], leftOut: [] }
  }
  return { listed: (system.templates ?? []).map((one) => templateListed(one, names)), leftOut: [] }
}

function pinned(
  key: string,
  lister: Lister,
): (turn: Turn, parts: MethodParts, actor: Actor) => Promise<CallAnswer> {
  return async (turn, parts, actor) => {
    const { door, era, method, owner, params } = turn
    const at = placeOf(turn, parts)
    if (at === undefined) {
      return refusal(RPC.invalidParams, 'mcp.cursor', 'the cursor is none of this list')
    }
    const listed: JsonObject[] = []
    const leftOut: string[] = []
    let looked = 0
    for (const system of door.systems(actor)) {
      if (++looked % SYSTEMS_PER_TURN === 0) await nextTurn()
      const found = lister(actor, system, door.names(system), parts)
      listed.push(...found.listed)
      leftOut.push(...found.leftOut)
    }
    const ours = key === 'tools' ? accessListed(actor, door) : undefined
    if (ours !== undefined) listed.push(ours)
    const page = listed.slice(at, at + PAGE)
    const next = at + PAGE < listed.length ? at + PAGE : undefined
    const list = `${door.name} ${method}`
    const result: JsonObject = {
      [key]: page,
      ...(next !== undefined && { nextCursor: parts.cursors.make(owner, list, { at: next }) }),
      ...(params['cursor'] === undefined &&
        leftOut.length > 0 && { _meta: { [LEFT_OUT]: leftOut } }),
    }
    return { result: dressed(era, method, door.info, result) }
  }
}

/** Where in the list a request goes on; undefined for a cursor that this caller was not given for it. */
function placeOf({ door, method, owner, params }: Turn, parts: MethodParts): number | undefined {
  const { cursor } = params
  if (cursor === undefined) return 0
  if (typeof cursor !== 'string') return undefined
  const at = parts.cursors.read(owner, `${door.name} ${method}`, cursor)?.['at']
  return typeof at === 'number' ? at : undefined
}

/** `tools/list`. */
export const toolsList = pinned('tools', tools)
/** `prompts/list`. */
export const promptsList = pinned('prompts', prompts)
/** `resources/templates/list`. */
export const templatesList = pinned('resourceTemplates', templates)
