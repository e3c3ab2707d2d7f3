// Holds the check of a value against a schema that was read: exact in numbers, bounded in work, nothing copied.

import { isObject, type Json, type JsonNumber, type JsonObject } from '../../std/json.ts'
import { compareNumbers, isInteger, isMultipleOf, isNumber } from '../../policy/number.ts'
import { enclosed, unevaluatedElements, unevaluatedMembers } from './enclosed.ts'
import { valueKey } from './equal.ts'
import { FORMATS } from './format.ts'
import type { SchemaNode, TypeName } from './node.ts'
import { extra, under, type Misfit, type Run } from './run.ts'

function misfit(message: string): Misfit {
  return { path: '', message }
}

/**
 * Whether a value fits. `closing` says that objects hold no members but those that are named, unless the schema itself speaks of
 * others: what policy cannot see must not pass. Where schemas are composed, that is asked of all of them together.
 */
export function check(
  node: SchemaNode,
  value: Json,
  closing: boolean,
  run: Run,
): Misfit | undefined {
  run.spend(1)
  if (node.fixed !== undefined) return node.fixed ? undefined : misfit('is not allowed')
  if (value === null && node.nullable === true) return undefined
  const { types, values } = node
  if (types !== undefined && !fits(types, value)) {
    return misfit(`must be ${[...types].join(' or ')}`)
  }
  if (values !== undefined && !values.has(keyOf(value, run))) {
    return misfit('must be equal to one of the allowed values')
  }
  const inside = closing && node.plain
  const own = ownMisfit(node, value, inside, run) ?? sameMisfit(node, value, run)
  if (own !== undefined || !closing || node.plain) return own
  return enclosed([node], value, false, run)
}

function ownMisfit(node: SchemaNode, value: Json, closing: boolean, run: Run): Misfit | undefined {
  if (typeof value === 'string') {
    return node.text === undefined ? undefined : textMisfit(node.text, value, run)
  }
  if (isNumber(value)) {
    return node.number === undefined ? undefined : numberMisfit(node.number, value)
  }
  if (Array.isArray(value)) {
    return node.array === undefined ? undefined : arrayMisfit(node, node.array, value, closing, run)
  }
  return isObject(value) && node.object !== undefined
    ? objectMisfit(node, node.object, value, closing, run)
    : undefined
}

function fits(types: ReadonlySet<TypeName>, value: Json): boolean {
  if (typeof value === 'string') return types.has('string')
  if (value === null) return types.has('null')
  if (typeof value === 'boolean') return types.has('boolean')
  if (isNumber(value)) return types.has('number') || (types.has('integer') && isInteger(value))
  return types.has(Array.isArray(value) ? 'array' : 'object')
}

function keyOf(value: Json, run: Run): string {
  const key = valueKey(value)
  run.spend(key.length >> 3)
  return key
}

function textMisfit(
  { min, max, pattern, format }: NonNullable<SchemaNode['text']>,
  value: string,
  run: Run,
): Misfit | undefined {
  run.spend(value.length >> 4)
  // A character is one or two units: most texts need not be counted.
  if (value.length < min || (min > 0 && value.length < 2 * min && points(value) < min)) {
    return misfit(`must NOT have fewer than ${min} characters`)
  }
  if (value.length > max && points(value) > max) {
    return misfit(`must NOT have more than ${max} characters`)
  }
  if (pattern !== undefined && !pattern.found(value, run)) {
    return misfit('must match the pattern of the schema')
  }
  if (format !== undefined && FORMATS.get(format)?.(value) === false) {
    return misfit(`must match format "${format}"`)
  }
  return undefined
}

function points(text: string): number {
  let pairs = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit >= 0xd800 && unit <= 0xdbff) pairs++
  }
  return text.length - pairs
}

function numberMisfit(
  { minimum, maximum, above, below, multipleOf }: NonNullable<SchemaNode['number']>,
  value: number | JsonNumber,
): Misfit | undefined {
  const order = (bound: number | JsonNumber | undefined): number =>
    bound === undefined ? 0 : (compareNumbers(value, bound) ?? NaN)
  if (!(order(minimum) >= 0)) return misfit('must be >= the minimum of the schema')
  if (!(order(maximum) <= 0)) return misfit('must be <= the maximum of the schema')
  if (above !== undefined && !(order(above) > 0))
    return misfit('must be > what the schema excludes')
  if (below !== undefined && !(order(below) < 0))
    return misfit('must be < what the schema excludes')
  if (multipleOf !== undefined && isMultipleOf(value, multipleOf) !== true) {
    return misfit('must be a multiple of what the schema says')
  }
  return undefined
}

function arrayMisfit(
  node: SchemaNode,
  { min, max, unique, prefix, rest, contains, unevaluated }: NonNullable<SchemaNode['array']>,
  value: Json[],
  closing: boolean,
  run: Run,
): Misfit | undefined {
  if (value.length < min) return misfit(`must NOT have fewer than ${min} items`)
  if (value.length > max) return misfit(`must NOT have more than ${max} items`)
  for (let at = 0; at < value.length; at++) {
    const element = prefix[at] ?? rest
    if (element === undefined) break
    const found = check(element, value[at]!, closing, run)
    if (found !== undefined) return under(at, found)
  }
  if (unique) {
    const keys = new Set<string>()
    for (const element of value) keys.add(keyOf(element, run))
    if (keys.size < value.length) return misfit('must NOT have duplicate items')
  }
  if (contains !== undefined) {
    let count = 0
    for (const element of value) {
      if (check(contains.node, element, false, run) === undefined) count++
    }
    if (count < contains.min || count > contains.max) {
      return misfit('must contain what the schema says')
    }
  }
  return unevaluated === undefined ? undefined : unevaluatedElements(node, unevaluated, value, run)
}

function objectMisfit(
  node: SchemaNode,
  object: NonNullable<SchemaNode['object']>,
  value: JsonObject,
  closing: boolean,
  run: Run,
): Misfit | undefined {
  const { members, patterns, additional, required, propertyNames, unevaluated } = object
  for (const name of required) {
    if (!Object.hasOwn(value, name)) return misfit(`must have required property '${name}'`)
  }
  let size = 0
  for (const name in value) {
    const member = value[name]
    if (member === undefined) continue
    size++
    let known = false
    const own = members.get(name)
    if (own !== undefined) {
      known = true
      const found = check(own, member, closing, run)
      if (found !== undefined) return under(name, found)
    }
    for (const { pattern, node: described } of patterns) {
      if (!pattern.found(name, run)) continue
      known = true
      const found = check(described, member, closing, run)
      if (found !== undefined) return under(name, found)
    }
    if (propertyNames !== undefined && check(propertyNames, name, false, run) !== undefined) {
      return misfit('has a property whose name is not allowed')
    }
    if (known) continue
    if (additional?.fixed === false) return extra(name)
    if (additional !== undefined) {
      const found = check(additional, member, closing, run)
      if (found !== undefined) return under(name, found)
    } else if (closing && object.names && !required.includes(name)) return extra(name)
  }
  if (size < object.min) return misfit(`must NOT have fewer than ${object.min} properties`)
  if (size > object.max) return misfit(`must NOT have more than ${object.max} properties`)
  for (const [name, others] of object.dependentRequired) {
    if (!Object.hasOwn(value, name)) continue
    const missing = others.find((other) => !Object.hasOwn(value, other))
    if (missing !== undefined) return misfit(`must have property '${missing}' beside '${name}'`)
  }
  for (const [name, dependent] of object.dependents) {
    const found = Object.hasOwn(value, name) ? check(dependent, value, false, run) : undefined
    if (found !== undefined) return found
  }
  return unevaluated === undefined ? undefined : unevaluatedMembers(node, unevaluated, value, run)
}

/** What schemas beside this one say of the same value. */
function sameMisfit(node: SchemaNode, value: Json, run: Run): Misfit | undefined {
  const { all, any, one, not, condition } = node
  for (const part of all ?? []) {
    const found = check(part, value, false, run)
    if (found !== undefined) return found
  }
  if (any !== undefined && !any.some((part) => check(part, value, false, run) === undefined)) {
    return misfit('must match a schema in anyOf')
  }
  if (one !== undefined) {
    const fitting = one.filter((part) => check(part, value, false, run) === undefined)
    if (fitting.length !== 1) return misfit('must match exactly one schema in oneOf')
  }
  if (not !== undefined && check(not, value, false, run) === undefined) {
    return misfit('must NOT be valid')
  }
  if (condition === undefined) return undefined
  const holds = check(condition.test, value, false, run) === undefined
  const branch = holds ? condition.pass : condition.fail
  return branch === undefined ? undefined : check(branch, value, false, run)
}
