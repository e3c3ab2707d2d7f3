// Holds what a compiled policy set is made of, as deciding and listing need it.

import type { Engine } from './engine.ts'
import type { Policy } from './policy.ts'
import type { PolicySchema } from './schema.ts'
import type { TaskScopes } from './task-scopes.ts'

/** What a set is made of. */
export interface PolicyParts {
  /** `sha256:…` over the files and the schema. */
  readonly digest: string
  readonly schema: PolicySchema
  /** By `@id`, in the order of the files. */
  readonly policies: ReadonlyMap<string, Policy>
  readonly engine: Engine
}

/** The same with what a set keeps while it decides. */
export interface DecidingParts extends PolicyParts {
  readonly scopes: TaskScopes
}
