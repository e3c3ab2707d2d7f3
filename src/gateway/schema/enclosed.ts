// Holds the question whether a value has members that no schema names, asked of all schemas that apply to it together.

import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { SchemaNode } from './node.ts'
import { extra, under, type Misfit, type Run } from './run.ts'

/** Every schema that speaks of the value: this one, and those beside it that apply. */
function applying(nodes: readonly SchemaNode[], value: Json, run: Run): SchemaNode[] {
  const found = new Set<SchemaNode>()
  const open = [...nodes]
  const fits = (node: SchemaNode): boolean => run.fits(node, value)
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    run.spend(1)
    if (found.has(node)) continue
    found.add(node)
    const { all = [], any = [], one = [], condition, object } = node
    open.push(...all, ...any.filter(fits), ...one.filter(fits))
    if (condition !== undefined) {
      const holds = fits(condition.test)
      const branch = holds ? condition.pass : condition.fail
      if (holds) open.push(condition.test)
      if (branch !== undefined) open.push(branch)
    }
    if (object !== undefined && isObject(value)) {
      for (const [name, dependent] of object.dependents) {
        if (Object.hasOwn(value, name)) open.push(dependent)
      }
    }
  }
  return [...found]
}

/** The schemas of one member, and whether anything at all speaks of it; `asking` is not asked for its own word on the rest. */
function ofMember(
  nodes: readonly SchemaNode[],
  name: string,
  run: Run,
  asking?: SchemaNode,
): { readonly inside: SchemaNode[]; readonly spoken: boolean } {
  const inside: SchemaNode[] = []
  let spoken = false
  for (const node of nodes) {
    const { object } = node
    if (object === undefined) continue
    const own = object.members.get(name)
    const found = object.patterns.filter(({ pattern }) => pattern.found(name, run))
    const named = [...(own === undefined ? [] : [own]), ...found.map((one) => one.node)]
    const { additional, unevaluated } = object
    if (named.length === 0 && additional !== undefined) named.push(additional)
    if (unevaluated !== undefined && node !== asking) named.push(unevaluated)
    inside.push(...named)
    if (named.length > 0 || object.required.includes(name)) spoken = true
  }
  return { inside, spoken }
}

/** The schemas of one element. */
function ofElement(nodes: readonly SchemaNode[], at: number, asking?: SchemaNode): SchemaNode[] {
  return nodes.flatMap((node) => {
    const { array } = node
    const last = node === asking ? undefined : array?.unevaluated
    const found = [array?.prefix[at] ?? array?.rest, last]
    return found.filter((one) => one !== undefined)
  })
}

/**
 * The first member anywhere in the value that no schema speaks of. An object whose schemas name no members at all is a free map;
 * `whole` says that this one is not: a tool's arguments are what its schema names.
 */
export function enclosed(
  nodes: readonly SchemaNode[],
  value: Json,
  whole: boolean,
  run: Run,
): Misfit | undefined {
  run.spend(1)
  if (typeof value !== 'object' || value === null) return undefined
  const here = applying(nodes, value, run)
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) {
      const inside = ofElement(here, at)
      const found = inside.length === 0 ? undefined : enclosed(inside, value[at]!, false, run)
      if (found !== undefined) return under(at, found)
    }
    return undefined
  }
  if (!isObject(value)) return undefined
  const named = whole || here.some(({ object }) => object?.names === true)
  for (const name in value) {
    const member = value[name]
    if (member === undefined) continue
    const { inside, spoken } = ofMember(here, name, run)
    if (!spoken && named) return extra(name)
    const found = inside.length === 0 ? undefined : enclosed(inside, member, false, run)
    if (found !== undefined) return under(name, found)
  }
  return undefined
}

/** Checks members that nothing else speaks of (JSON Schema Core §11.3). */
export function unevaluatedMembers(
  node: SchemaNode,
  unevaluated: SchemaNode,
  value: JsonObject,
  run: Run,
): Misfit | undefined {
  const here = applying([node], value, run)
  for (const name in value) {
    const member = value[name]
    if (member === undefined || ofMember(here, name, run, node).inside.length > 0) continue
    if (unevaluated.fixed === false) return extra(name)
    const found = run.misfit(unevaluated, member, run)
    if (found !== undefined) return under(name, found)
  }
  return undefined
}

/** Checks elements that nothing else speaks of (JSON Schema Core §11.2). */
export function unevaluatedElements(
  node: SchemaNode,
  unevaluated: SchemaNode,
  value: Json[],
  run: Run,
): Misfit | undefined {
  const here = applying([node], value, run)
  for (let at = 0; at < value.length; at++) {
    const spoken =
      ofElement(here, at, node).length > 0 ||
      here.some(
        ({ array }) => array?.contains !== undefined && run.fits(array.contains.node, value[at]!),
      )
    if (spoken) continue
    const found = run.misfit(unevaluated, value[at]!, run)
    if (found !== undefined) return under(at, found)
  }
  return undefined
}
