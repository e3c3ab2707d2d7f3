// Holds what a tool's definition is: its canonical form, its digest, and the labels that its hints propose.

import { digest } from '../../std/bytes.ts'
import { canonicalJson, isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { Effect } from '../../wire/effect.ts'
import { emptyObject } from '../../wire/mcp.ts'
import type { ActionDefinition, SystemDefinition, Transport } from '../../wire/system.ts'

/** Names of tools as MCP recommends them: no space, no control or lookalike characters. */
const TOOL_NAME = /^[A-Za-z0-9_.-]{1,128}$/

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
  const { inputSchema, outputSchema, annotations } = tool
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
  }
  return { ...shape, effects: [], digest: digest(canonicalJson(shape)) }
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
    maxProcesses: system.maxProcesses,
  }
  return digest(canonicalJson(shape))
}
