// Holds the check of a call's arguments against the pinned JSON Schema, compiled once for each definition.

import { Ajv, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { isObject, JsonNumber, type Json, type JsonObject } from '../std/json.ts'
import type { ActionDefinition } from '../wire/system.ts'

type Check = (input: JsonObject) => string | undefined

/** Compiled checks by the definition's digest: a definition never changes under its digest. */
const compiled = new Map<string, Check>()
/** Definitions kept compiled; far above what one home has, so that it only bounds a leak. */
const COMPILED_LIMIT = 10_000

/** Why the arguments do not fit, in one sentence; undefined when they do. A schema that cannot be compiled fits nothing. */
export function argumentProblem(action: ActionDefinition, input: JsonObject): string | undefined {
  let check = compiled.get(action.digest)
  if (check === undefined) {
    if (compiled.size >= COMPILED_LIMIT) compiled.clear()
    check = compile(action)
    compiled.set(action.digest, check)
  }
  return check(input)
}

function compile(action: ActionDefinition): Check {
  const schema = plain(closed(action.inputSchema))
  let validate: ValidateFunction
  try {
    validate = compilerFor(action.inputSchema).compile(schema as Record<string, unknown>)
  } catch {
    return () => `the input schema of \`${action.name}\` cannot be read, so no arguments fit it`
  }
  return (input) => {
    if (validate(plain(input)) === true) return undefined
    const error = validate.errors?.[0]
    const place = error?.instancePath === '' ? 'the arguments' : `\`${error?.instancePath ?? ''}\``
    const extra = error?.params['additionalProperty'] as unknown
    return typeof extra === 'string'
      ? `${place} has no property \`${extra.slice(0, 64)}\` in the schema of \`${action.name}\``
      : `${place} ${error?.message ?? 'does not fit'}`
  }
}

function compilerFor(schema: JsonObject): Ajv | Ajv2020 {
  const options = {
    strict: false,
    allErrors: false,
    validateFormats: false,
    logger: false,
  } as const
  const dialect = schema['$schema']
  return typeof dialect === 'string' && /draft-0[67]/.test(dialect)
    ? new Ajv(options)
    : new Ajv2020(options)
}

/**
 * A tool that names its properties takes no others unless it says so: what policy cannot see must not pass. Schemas that are
 * composed keep their own rule, because a branch may name further properties.
 */
function closed(schema: JsonObject): JsonObject {
  const composed = [
    'allOf',
    'anyOf',
    'oneOf',
    '$ref',
    'patternProperties',
    'unevaluatedProperties',
    'if',
  ]
  const open = schema['additionalProperties'] !== undefined || composed.some((key) => key in schema)
  return open ? schema : { properties: {}, ...schema, additionalProperties: false }
}

/**
 * The tree in the form that the validator reads. A number that a double would change is rounded here and only here: it is
 * checked for its kind, never sent, and policy refuses what it cannot hold exactly.
 */
function plain(value: Json): unknown {
  if (value instanceof JsonNumber) return Number(value.text)
  if (Array.isArray(value)) return value.map(plain)
  if (!isObject(value)) return value
  const out: Record<string, unknown> = {}
  for (const key of Object.keys(value)) out[key] = plain(value[key]!)
  return out
}
