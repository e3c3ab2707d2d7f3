// Holds the way from method and path to the one operation that they are: the most specific template, and no guess.

import type { HttpBinding } from '../../wire/http-binding.ts'
import type { ActionDefinition, SystemDefinition } from '../../wire/system.ts'
import { gatewayFault } from '../faults.ts'

/** An action that has a binding. */
export type BoundAction = ActionDefinition & { readonly http: HttpBinding }

/** What a request is: an action, and the texts of its path parameters by name. */
export interface Routed {
  readonly action: BoundAction
  readonly values: ReadonlyMap<string, string>
}

interface Pattern {
  readonly prefix: string
  readonly suffix: string
  readonly node: Node
}

/** Templates that begin alike. */
class Node {
  readonly literals = new Map<string, Node>()
  /** What the literals look like to a server that does not care about case, or about what stands at the end of a name. */
  readonly looks = new Set<string>()
  /** The longest first; without prefix and suffix, the one that takes anything. */
  readonly patterns: Pattern[] = []
  /** By method; undefined where two operations are one. */
  readonly actions = new Map<
    string,
    { action: BoundAction; names: readonly string[] } | undefined
  >()
}

const PARAMETER = /^([^{]*)\{([^}]+)\}(.*)$/

/** How a segment looks to the servers that fold it: case and Unicode form, and dots and spaces at its end. */
function look(segment: string): string {
  return segment
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[. ]+$/, '')
}

function isBound(action: ActionDefinition): action is BoundAction {
  return action.http !== undefined
}

/** The operations of one system. Made once for each definition. */
export class Router {
  readonly #root = new Node()

  constructor(actions: readonly ActionDefinition[]) {
    for (const action of actions) if (isBound(action)) this.#add(action)
    order(this.#root)
  }

  #add(action: BoundAction): void {
    const names: string[] = []
    let node = this.#root
    for (const segment of action.http.template.split('/').slice(1)) {
      const [, prefix = '', name, suffix = ''] = PARAMETER.exec(segment) ?? []
      if (name === undefined) node = literal(node, segment)
      else {
        names.push(name)
        node = pattern(node, prefix, suffix)
      }
    }
    const { method } = action.http
    // Two templates that differ in the names of parameters alone are one (OpenAPI 3.1 §4.8.8.2): nobody knows which is meant.
    node.actions.set(method, node.actions.has(method) ? undefined : { action, names })
  }

  /** The operation that a request is; undefined where it is none. HEAD is the GET of its path where it has no operation of its own. */
  find(method: string, segments: readonly string[]): Routed | undefined {
    const values: string[] = []
    const node = walk(this.#root, segments, 0, values)
    const found =
      node?.actions.get(method) ?? (method === 'HEAD' ? node?.actions.get('GET') : undefined)
    if (found === undefined) return undefined
    const named = found.names.map((name, at) => [name, values[at]!] as const)
    return { action: found.action, values: new Map(named) }
  }
}

function literal(node: Node, segment: string): Node {
  let next = node.literals.get(segment)
  if (next === undefined) node.literals.set(segment, (next = new Node()))
  node.looks.add(look(segment))
  return next
}

function pattern(node: Node, prefix: string, suffix: string): Node {
  const known = node.patterns.find((one) => one.prefix === prefix && one.suffix === suffix)
  if (known !== undefined) return known.node
  const next = new Node()
  node.patterns.push({ prefix, suffix, node: next })
  return next
}

function order(node: Node): void {
  const length = ({ prefix, suffix }: Pattern) => prefix.length + suffix.length
  node.patterns.sort((a, b) => length(b) - length(a))
  for (const next of node.literals.values()) order(next)
  for (const { node: next } of node.patterns) order(next)
}

/** Every node is looked at once at most, so a path costs no more than there are templates. */
function walk(
  node: Node,
  segments: readonly string[],
  at: number,
  values: string[],
): Node | undefined {
  const segment = segments[at]
  if (segment === undefined) return node.actions.size > 0 ? node : undefined
  const exact = node.literals.get(segment)
  if (exact !== undefined) {
    const found = walk(exact, segments, at + 1, values)
    if (found !== undefined) return found
  } else if (segment !== '' && node.looks.has(look(segment))) {
    throw gatewayFault(
      'http.target',
      'a segment of the path differs only in case, form or what stands at its end from one that an operation has',
    )
  }
  for (const { prefix, suffix, node: next } of node.patterns) {
    if (segment.length <= prefix.length + suffix.length) continue
    if (!segment.startsWith(prefix) || !segment.endsWith(suffix)) continue
    const held = values.length
    values.push(segment.slice(prefix.length, segment.length - suffix.length))
    const found = walk(next, segments, at + 1, values)
    if (found !== undefined) return found
    values.length = held
  }
  return undefined
}

const routers = new WeakMap<SystemDefinition, Router>()

/** The router of a definition, made with its first request: a definition never changes. */
export function routerOf(system: SystemDefinition): Router {
  let router = routers.get(system)
  if (router === undefined) routers.set(system, (router = new Router(system.actions)))
  return router
}
