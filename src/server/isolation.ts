// Holds what becomes of policies when systems change under them: what still holds goes on, and only what does not is isolated.

import { compilePolicySet, type PolicySource } from '../policy/load.ts'
import type { Problem } from '../policy/problem.ts'
import type { PolicySet } from '../policy/set.ts'
import type { SystemDefinition } from '../wire/system.ts'

/** A pinned system, and the definition that the policies in force know, where they do not hold with the pinned one. */
export interface Pinned {
  readonly definition: SystemDefinition
  readonly before?: SystemDefinition
}

/** What decides over systems as they are pinned. */
export type Standing =
  | {
      readonly ok: true
      readonly set: PolicySet
      readonly warnings: readonly Problem[]
      /** Systems that are isolated, with the policies that do not hold with what they are now. */
      readonly isolated: ReadonlyMap<string, readonly Problem[]>
    }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** Systems that are tried one by one; beyond, all that could be isolated are. */
const TRIED = 16

/**
 * Compiles policies against systems as they are pinned. Where that fails, and would not against what some of them were before, those
 * alone stay as they were: as few as possible. Pure.
 */
export function standingOf(sources: readonly PolicySource[], systems: readonly Pinned[]): Standing {
  const compile = (kept: ReadonlySet<string>) =>
    compilePolicySet({
      sources: [...sources],
      systems: systems.map(({ definition, before }) =>
        before !== undefined && kept.has(definition.name) ? before : definition,
      ),
    })
  const now = compile(new Set())
  if (now.ok) return { ...now, isolated: new Map() }
  const older = systems.filter(({ before }) => before !== undefined)
  const kept = new Set(older.map(({ definition }) => definition.name))
  let held = older.length === 0 ? now : compile(kept)
  if (!held.ok) return now
  for (const name of older.length > TRIED ? [] : [...kept]) {
    if (kept.size === 1) break
    const fewer = compile(new Set([...kept].filter((other) => other !== name)))
    if (!fewer.ok) continue
    held = fewer
    kept.delete(name)
  }
  const isolated = new Map<string, readonly Problem[]>()
  for (const name of kept) {
    const alone = compile(new Set([...kept].filter((other) => other !== name)))
    isolated.set(name, alone.ok ? [] : alone.problems)
  }
  return { ...held, isolated }
}
