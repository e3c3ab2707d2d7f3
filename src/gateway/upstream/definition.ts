// Holds what definitions are: the canonical form and the digest of a tool, a prompt, a template and a whole system.

import { digest } from '../../std/bytes.ts'
import { canonicalJson, isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { Effect } from '../../wire/effect.ts'
import { emptyObject } from '../../wire/mcp.ts'
import type {
  ActionDefinition,
  McpEra,
  PromptDefinition,
  ServerIdentity,
  SystemDefinition,
  TemplateDefinition,
  Transport,
} from '../../wire/system.ts'
import { methodActions } from './methods.ts'

/** Names of tools as MCP recommends them: no space, no control or lookalike characters. */
const TOOL_NAME = /^[A-Za-z0-9_.-]{1,128}$/

/** Length of the name of a prompt or a template, and of a template itself. */
const MAX_NAME = 256
const MAX_TEMPLATE = 8_192
/** Arguments of one prompt. */
const MAX_ARGUMENTS = 64

/** What an MCP server says that it is, whole: everything here is pinned. */
export interface Described {
  readonly era: McpEra
  readonly server: SystemDefinition['server']
  readonly instructions?: string
  /** The server's own, as it showed them. */
  readonly capabilities: JsonObject
  readonly tools: readonly ActionDefinition[]
  readonly prompts: readonly PromptDefinition[]
  readonly templates: readonly TemplateDefinition[]
}

function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** A tool as an upstream lists it, as a definition without confirmed effects; a reason where it is none. */
export function readTool(tool: Json): ActionDefinition | string {
  if (!isObject(tool)) return 'a tool that is no object'
  const name = text(tool['name'])
  if (name === undefined || !TOOL_NAME.test(name)) {
    return `a tool name that is not 1 to 128 letters, digits, dots, hyphens or underscores: ${JSON.stringify(tool['name'] ?? null).slice(0, 80)}`
  }
  const { inputSchema, outputSchema, annotations, execution } = tool
  const tasks = isObject(execution) ? execution['taskSupport'] : undefined
  const taskSupport: ActionDefinition['taskSupport'] =
    tasks === 'optional' || tasks === 'required' ? tasks : undefined
  if (!isObject(inputSchema)) return `the tool \`${name}\` has no input schema`
  const title = text(tool['title'])
  const description = text(tool['description'])
  const shape = {
    name,
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    inputSchema,
    ...(isObject(outputSchema) && { outputSchema }),
    ...(isObject(annotations) && { annotations }),
    ...(taskSupport !== undefined && { taskSupport }),
  }
  return { ...shape, effects: [], digest: digest(canonicalJson(shape)) }
}

/** The texts of an object by these names, where they are texts. */
function texts<N extends string>(
  of: JsonObject,
  ...names: readonly N[]
): Partial<Record<N, string>> {
  const found = names.map((name) => [name, text(of[name])] as const)
  return Object.fromEntries(found.filter(([, value]) => value !== undefined)) as Partial<
    Record<N, string>
  >
}

function nameProblem(name: string | undefined, what: string): string | undefined {
  const fits = name !== undefined && name !== '' && name.length <= MAX_NAME && name.isWellFormed()
  return fits ? undefined : `${what} whose name is not 1 to ${MAX_NAME} characters`
}

/** A prompt as an upstream lists it; a reason where it is none. */
export function readPrompt(prompt: Json): PromptDefinition | string {
  if (!isObject(prompt)) return 'a prompt that is no object'
  const name = text(prompt['name'])
  const problem = nameProblem(name, 'a prompt')
  if (name === undefined || problem !== undefined) return problem ?? ''
  const given = prompt['arguments'] ?? []
  if (!Array.isArray(given) || given.length > MAX_ARGUMENTS) {
    return `a prompt that has no list of at most ${MAX_ARGUMENTS} arguments`
  }
  const read: PromptDefinition['arguments'][number][] = []
  for (const argument of given) {
    const own = isObject(argument) ? text(argument['name']) : undefined
    if (!isObject(argument) || own === undefined || nameProblem(own, '') !== undefined) {
      return 'a prompt with an argument that has no name'
    }
    const { required } = argument
    read.push({
      name: own,
      ...texts(argument, 'title', 'description'),
      ...(typeof required === 'boolean' && { required }),
    })
  }
  const shape = { name, ...texts(prompt, 'title', 'description'), arguments: read }
  return { ...shape, digest: digest(canonicalJson(shape)) }
}

/** A resource template as an upstream lists it; a reason where it is none. */
export function readTemplate(template: Json): TemplateDefinition | string {
  if (!isObject(template)) return 'a resource template that is no object'
  const name = text(template['name'])
  const uriTemplate = text(template['uriTemplate'])
  const problem = nameProblem(name, 'a resource template')
  if (name === undefined || problem !== undefined) return problem ?? ''
  if (uriTemplate === undefined || uriTemplate.length > MAX_TEMPLATE) {
    return `a resource template of more than ${MAX_TEMPLATE} characters, or none`
  }
  const shape = { name, uriTemplate, ...texts(template, 'title', 'description', 'mimeType') }
  return { ...shape, digest: digest(canonicalJson(shape)) }
}

/** What a server says that it is, as a system that a person may pin. Effects are as they came. */
export function definedBy(
  { name, transport }: Pick<SystemDefinition, 'name' | 'transport'>,
  described: Described,
  identity?: ServerIdentity,
): Omit<SystemDefinition, 'maxProcesses' | 'digest'> {
  const { era, server, instructions, capabilities, tools, prompts, templates } = described
  return {
    name,
    transport,
    era,
    server,
    ...(instructions !== undefined && { instructions }),
    actions: [...tools, ...methodActions(capabilities, era, prompts)],
    capabilities,
    ...(prompts.length > 0 && { prompts }),
    ...(templates.length > 0 && { templates }),
    ...(identity !== undefined && { identity }),
  }
}

/** The effects that a tool's own hints propose to the person who pins it. Hints are never trusted by themselves. */
export function proposedEffects(action: ActionDefinition): Effect[] {
  const hints = action.annotations ?? emptyObject()
  const external: Effect[] = hints['openWorldHint'] === false ? [] : ['external']
  if (hints['readOnlyHint'] === true) return ['read', ...external]
  if (hints['destructiveHint'] === false) return ['write', ...external]
  if (action.annotations === undefined) return []
  return ['write', 'destructive', ...external]
}

/** A transport holds texts, booleans, lists and objects alone: its shape is itself. */
function transportShape(transport: Transport): JsonObject {
  return transport as unknown as JsonObject
}

function identityShape(identity: ServerIdentity): JsonObject {
  if (identity.kind === 'certificate') return { ...identity, chain: [...identity.chain] }
  return { ...identity, files: identity.files.map((file) => ({ ...file })) }
}

function measureShape({
  money,
  recipients,
}: NonNullable<ActionDefinition['measures']>): JsonObject {
  return {
    ...(money !== undefined && { money }),
    ...(recipients !== undefined && { recipients: [...recipients] }),
  }
}

/** Digest over everything that a person pins of a system. */
export function systemDigest(system: Omit<SystemDefinition, 'digest'>): string {
  const shape: JsonObject = {
    name: system.name,
    transport: transportShape(system.transport),
    ...(system.era !== undefined && { era: system.era }),
    server: { ...system.server },
    ...(system.instructions !== undefined && { instructions: system.instructions }),
    actions: system.actions.map((a) => ({
      name: a.name,
      digest: a.digest,
      effects: [...a.effects],
      ...(a.labels !== undefined && { labels: [...a.labels] }),
      ...(a.measures !== undefined && { measures: measureShape(a.measures) }),
      ...(a.triggers !== undefined && { triggers: [...a.triggers] }),
    })),
    ...(system.capabilities !== undefined && { capabilities: system.capabilities }),
    ...(system.prompts !== undefined && { prompts: system.prompts.map((one) => one.digest) }),
    ...(system.templates !== undefined && { templates: system.templates.map((one) => one.digest) }),
    ...(system.identity !== undefined && { identity: identityShape(system.identity) }),
    ...(system.passing !== undefined && { passing: [...system.passing] }),
    maxProcesses: system.maxProcesses,
  }
  return digest(canonicalJson(shape))
}
