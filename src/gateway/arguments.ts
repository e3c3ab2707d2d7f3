// Holds the check of a call's arguments against the pinned JSON Schema, read once for each definition.

import type { JsonObject } from '../std/json.ts'
import type { ActionDefinition } from '../wire/system.ts'
import { check } from './schema/check.ts'
import { enclosed } from './schema/enclosed.ts'
import { UnreadableSchema, type SchemaNode } from './schema/node.ts'
import { readSchema } from './schema/read.ts'
import { Run, TooCostly, type Misfit } from './schema/run.ts'

/** A schema that was read, or why it cannot be. */
type Read = SchemaNode | string

/** Schemas that were read, by the definition's digest: a definition never changes under its digest. */
const read = new Map<string, Read>()
/** Definitions kept; far above what one home has, so that it only bounds a leak. */
const READ_LIMIT = 10_000

function schemaOf(action: Pick<ActionDefinition, 'digest' | 'inputSchema'>): Read {
  let schema = read.get(action.digest)
  if (schema === undefined) {
    if (read.size >= READ_LIMIT) read.clear()
    schema = readable(action.inputSchema)
    read.set(action.digest, schema)
  }
  return schema
}

function readable(schema: JsonObject): Read {
  try {
    return readSchema(schema)
  } catch (error) {
    if (error instanceof UnreadableSchema) return error.message
    throw error
  }
}

/** Why no arguments at all can be checked against an action's schema; undefined where they can. */
export function schemaProblem(inputSchema: JsonObject): string | undefined {
  const schema = readable(inputSchema)
  return typeof schema === 'string' ? schema : undefined
}

/**
 * Why the arguments do not fit, in one sentence; undefined when they do. A schema that cannot be read fits nothing. Numbers are
 * compared exactly, and what the schema does not name does not pass, at any depth, unless the schema speaks of further members.
 */
export function argumentProblem(action: ActionDefinition, input: JsonObject): string | undefined {
  const schema = schemaOf(action)
  if (typeof schema === 'string') {
    return `the input schema of \`${action.name}\` cannot be read, so no arguments fit it: ${schema}`
  }
  let found: Misfit | undefined
  try {
    found = misfit(schema, input)
  } catch (error) {
    if (error instanceof TooCostly) return 'the arguments cost too much to check against the schema'
    // A stack that ran out is the same: nothing that was not checked passes.
    if (error instanceof RangeError) return 'the arguments are nested too deeply to be checked'
    throw error
  }
  if (found === undefined) return undefined
  const place = found.path === '' ? 'the arguments' : `\`${shown(found.path)}\``
  return found.message.startsWith('has no property')
    ? `${place} ${found.message} in the schema of \`${action.name}\``
    : `${place} ${found.message}`
}

/** A schema that names no arguments takes none, unless it says otherwise. */
function misfit(schema: SchemaNode, input: JsonObject): Misfit | undefined {
  const run = new Run((node, value, within) => check(node, value, false, within))
  // Where the one schema names the members itself, they are looked at on the way; otherwise all that apply are asked together.
  if (schema.plain && schema.object?.names === true) return check(schema, input, true, run)
  return check(schema, input, false, run) ?? enclosed([schema], input, true, run)
}

function shown(path: string): string {
  return JSON.stringify(path.slice(0, 96)).slice(1, -1)
}
