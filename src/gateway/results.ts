// Holds the check of a tool's result against the pinned output schema, read once for each definition.

import type { JsonObject } from '../std/json.ts'
import type { ActionDefinition } from '../wire/system.ts'
import { check } from './schema/check.ts'
import { UnreadableSchema, type SchemaNode } from './schema/node.ts'
import { readSchema } from './schema/read.ts'
import { Run, TooCostly, type Misfit } from './schema/run.ts'

/** A schema that was read, or why it cannot be. */
type Read = SchemaNode | string

/** Schemas that were read, by the definition's digest: a definition never changes under its digest. */
const read = new Map<string, Read>()
/** Definitions kept; far above what one home has, so that it only bounds a leak. */
const READ_LIMIT = 10_000

function readable(schema: JsonObject): Read {
  try {
    return readSchema(schema)
  } catch (error) {
    if (error instanceof UnreadableSchema) return error.message
    throw error
  }
}

function schemaOf(digest: string, outputSchema: JsonObject): Read {
  let schema = read.get(digest)
  if (schema === undefined) {
    if (read.size >= READ_LIMIT) read.clear()
    schema = readable(outputSchema)
    read.set(digest, schema)
  }
  return schema
}

/** Why no result at all can be checked against an output schema; undefined where they can. */
export function outputSchemaProblem(outputSchema: JsonObject): string | undefined {
  const schema = readable(outputSchema)
  return typeof schema === 'string' ? schema : undefined
}

/**
 * Why the result of a tool is not what its definition says, in one sentence; undefined where it is, where nothing is said, and for what
 * the tool itself calls an error. A tool with an output schema has to answer `structuredContent` that fits it (MCP 2025-11-25 and
 * 2026-07-28, "Tools", Output Schema). What the schema does not speak of is let through: it is the answer, and not the question.
 */
export function resultProblem(
  action: Pick<ActionDefinition, 'digest' | 'name' | 'outputSchema'>,
  result: JsonObject,
): string | undefined {
  const { outputSchema } = action
  if (outputSchema === undefined || result['isError'] === true) return undefined
  const schema = schemaOf(action.digest, outputSchema)
  if (typeof schema === 'string') {
    return `the output schema of \`${action.name}\` cannot be read, so no result fits it`
  }
  const content = result['structuredContent']
  if (content === undefined) return `\`${action.name}\` answered without its structured content`
  let found: Misfit | undefined
  try {
    const run = new Run((node, value, within) => check(node, value, false, within))
    found = check(schema, content, false, run)
  } catch (error) {
    if (error instanceof TooCostly) return 'the result costs too much to check against its schema'
    // A stack that ran out is the same: nothing that was not checked passes.
    if (error instanceof RangeError) return 'the result is nested too deeply to be checked'
    throw error
  }
  if (found === undefined) return undefined
  // Where in the result, and never what stands there.
  const place = found.path === '' ? 'the result' : `\`${shown(found.path)}\` of the result`
  return `${place} of \`${action.name}\` does not fit its output schema`
}

function shown(path: string): string {
  return JSON.stringify(path.slice(0, 96)).slice(1, -1)
}
