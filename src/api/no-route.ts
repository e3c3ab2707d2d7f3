// Holds the answer to a request for a route that is not there: which one was probably meant.

import { Fault } from '../std/fault.ts'
import { nearest } from '../policy/problem.ts'
import { ROUTES, type Route } from './access.ts'
import { fault } from './faults.ts'
import { split } from './serve.ts'

/** A refusal, and the methods that the path does take. */
export interface NoRoute {
  readonly fault: Fault
  readonly allow: readonly string[]
}

const PATTERNS = (Object.keys(ROUTES) as Route[]).map((route) => {
  const [method, path] = split(route)
  return { method, path, segments: path.split('/') }
})

/** A pattern with what was asked for in place of its parameters; undefined where it has another number of segments. */
function filled(pattern: readonly string[], asked: readonly string[]): string | undefined {
  if (pattern.length !== asked.length) return undefined
  return pattern.map((part, i) => (part.startsWith('{') ? asked[i] : part)).join('/')
}

/** Why nothing is served here. */
export function noRoute(path: string): NoRoute {
  const asked = path.slice(0, 256).split('/')
  const known = PATTERNS.map((pattern) => ({ ...pattern, filled: filled(pattern.segments, asked) }))
  const allow = known.filter((one) => one.filled === path).map((one) => one.method)
  if (allow.length > 0) {
    const methods = allow.join(' or ')
    return { fault: fault('api.method', `this path takes ${methods}`), allow }
  }
  const candidates = known.flatMap((one) => one.filled ?? [])
  const near = nearest(path, candidates)
  const route = known.find((one) => near !== undefined && one.filled === near)?.path
  const guess = route === undefined ? '' : `; did you mean ${route}?`
  return { fault: fault('api.no_route', `there is no such route${guess}`), allow }
}
