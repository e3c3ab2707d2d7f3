// Holds the scopes of tasks that a set has compiled: each once, and only so many.

import { canonicalJson, type Json } from '../std/json.ts'
import type { TaskFacts, TaskPermit } from '../wire/task.ts'
import { compiledEngine, type Engine } from './engine.ts'
import type { Policy } from './policy.ts'
import { compileScope, type CompiledScope } from './task-scope.ts'
import type { PolicySchema } from './schema.ts'

/** Compiled scopes that a set remembers; the one that was compiled first goes first. */
const MAX_REMEMBERED = 4_096

interface Remembered {
  /** The very list that was compiled, and its text. */
  scope: readonly TaskPermit[]
  readonly text: string
  readonly compiled: CompiledScope
}

function textOf(scope: readonly TaskPermit[]): string {
  return canonicalJson(scope as unknown as Json)
}

/** The compiled scopes of one set. A new set has a new schema, and compiles its own. */
export class TaskScopes {
  readonly #schema: PolicySchema
  readonly #remembered = new Map<string, Remembered>()

  readonly #engine: (policies: readonly Policy[]) => Engine

  constructor(
    schema: PolicySchema,
    engine: (policies: readonly Policy[]) => Engine = compiledEngine,
  ) {
    this.#schema = schema
    this.#engine = engine
  }

  /**
   * The compiled form of a task's scope. Equal scopes share one by their digest; that the digest is of this very scope is seen
   * for each list once, so a wrong digest never lends one task the scope of another. Throws `policy.engine`.
   */
  of({ scope, scopeDigest }: Pick<TaskFacts, 'scope' | 'scopeDigest'>): CompiledScope {
    const known = this.#remembered.get(scopeDigest)
    if (known?.scope === scope) return known.compiled
    const text = textOf(scope)
    if (known?.text === text) {
      known.scope = scope
      return known.compiled
    }
    const compiled = compileScope(scope, this.#schema, this.#engine)
    if (this.#remembered.size >= MAX_REMEMBERED) {
      this.#remembered.delete(this.#remembered.keys().next().value!)
    }
    this.#remembered.set(scopeDigest, { scope, text, compiled })
    return compiled
  }
}
