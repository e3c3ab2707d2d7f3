// Holds one check of a call's arguments: the work that it may cost, and how what does not fit is told.

import type { Json } from '../../std/json.ts'
import type { SchemaNode } from './node.ts'

/** What does not fit, and where: a JSON pointer. */
export interface Misfit {
  readonly path: string
  readonly message: string
}

/** Thrown where a call's arguments would cost too much to check. */
export class TooCostly extends Error {}

/** Steps that the check of one call may take: far above what a real schema needs, and below what would be felt. */
const MAX_STEPS = 2_000_000

/** The work of one call. */
export class Run {
  /** What does not fit where members that nobody names are let pass. */
  readonly misfit: (node: SchemaNode, value: Json, run: Run) => Misfit | undefined
  #left = MAX_STEPS

  constructor(misfit: Run['misfit']) {
    this.misfit = misfit
  }

  /** Throws TooCostly. */
  spend(steps: number): void {
    this.#left -= steps
    if (this.#left < 0) throw new TooCostly()
  }

  fits(node: SchemaNode, value: Json): boolean {
    return this.misfit(node, value, this) === undefined
  }
}

/** Puts a step of a JSON pointer before the place of a misfit (RFC 6901 §3). */
export function under(step: string | number, found: Misfit): Misfit {
  const name = String(step).replaceAll('~', '~0').replaceAll('/', '~1')
  return { path: `/${name}${found.path}`, message: found.message }
}

/** A member that nothing names. */
export function extra(name: string): Misfit {
  return { path: '', message: `has no property \`${name.slice(0, 64)}\`` }
}
