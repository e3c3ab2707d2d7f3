// Holds what both readers of reality make: action definitions with names that policies can hold, and what is wrong with a document.

import { digest } from '../../std/bytes.ts'
import { canonicalJson, type JsonObject } from '../../std/json.ts'
import type { Effect } from '../../wire/effect.ts'
import type { HttpBinding } from '../../wire/http-binding.ts'
import type { ActionDefinition } from '../../wire/system.ts'

/** Something in a document that could not be made an action, or not wholly. */
export interface RealityProblem {
  /** JSON pointer into the document. */
  readonly path: string
  /** Lower case, no full stop. */
  readonly message: string
}

/** The actions of a document, and what of it became none. */
export interface Reality {
  /** In the order of their names. Effects are hints for a person, not labels. */
  readonly actions: readonly ActionDefinition[]
  readonly problems: readonly RealityProblem[]
}

/** Actions of one system. */
export const MAX_ACTIONS = 5_000
/** Problems that are told; more would not be read. */
const MAX_PROBLEMS = 100
const MAX_NAME = 128

/** An operation before it has a name of its own. */
export interface Operation {
  /** What it would like to be called. */
  readonly wanted: string
  /** What tells it from every other of its document, whatever it is called: `DELETE /notes/{id}`. */
  readonly identity: string
  readonly title?: string
  readonly description?: string
  readonly inputSchema: JsonObject
  readonly hints: readonly Effect[]
  /** Of a system that the gateway itself speaks to. */
  readonly http?: HttpBinding
}

/** Collects problems up to a bound. */
export class Problems {
  readonly list: RealityProblem[] = []

  add(path: string, message: string): void {
    if (this.list.length < MAX_PROBLEMS) this.list.push({ path: path.slice(0, 256), message })
  }
}

/** A name of ASCII letters, digits, `.`, `_` and `-`: nothing in it can pass for another letter. */
function safe(wanted: string): string {
  return wanted
    .slice(0, 1_024)
    .replaceAll(/[^A-Za-z0-9_.-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, MAX_NAME)
}

/**
 * Gives every operation a safe name. Where two would be called the same, or differ only in case, each of them carries a digest of
 * what it is: no name ever moves from one operation to another because of an order.
 */
export function named(operations: readonly Operation[]): ActionDefinition[] {
  const wanted = operations.map((operation) => safe(operation.wanted))
  const counts = new Map<string, number>()
  for (const name of wanted) {
    const folded = name.toLowerCase()
    counts.set(folded, (counts.get(folded) ?? 0) + 1)
  }
  const names = operations.map(({ identity }, at) => {
    const name = wanted[at]!
    const alone = name !== '' && counts.get(name.toLowerCase()) === 1
    return alone ? name : distinct(name, identity)
  })
  // Somebody called an operation what another is called with its digest: then every one carries its own.
  const clash = new Set(names.map((name) => name.toLowerCase())).size < names.length
  const actions = operations.map((operation, at) =>
    definition(operation, clash ? distinct(wanted[at]!, operation.identity) : names[at]!),
  )
  return actions.sort((a, b) => (a.name < b.name ? -1 : 1))
}

function distinct(name: string, identity: string): string {
  const mark = digest(identity).slice('sha256:'.length, 'sha256:'.length + 12)
  return name === '' ? mark : `${name.slice(0, MAX_NAME - 13)}-${mark}`
}

function definition(operation: Operation, name: string): ActionDefinition {
  const { title, description, inputSchema, hints, http } = operation
  const shape = {
    name,
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    inputSchema,
    annotations: { operation: operation.identity },
    ...(http !== undefined && { http }),
  }
  // A binding is plain JSON; its type says more than that of JSON can.
  return { ...shape, effects: hints, digest: digest(canonicalJson(shape as unknown as JsonObject)) }
}
