// Holds what becomes of the policies in force with a system as it would be pinned.

import type { Authority } from '../../authority/open.ts'
import type { Problem } from '../../policy/problem.ts'
import type { SystemDefinition } from '../../wire/system.ts'
import { standingOf, type Standing } from '../isolation.ts'
import type { LivePolicy } from '../live-policy.ts'

interface Parts {
  readonly authority: Pick<Authority, 'systems' | 'policies'>
  readonly policy: LivePolicy
}

/** The definition of a system that the policies in force were compiled against. */
export function knownDefinition(
  { authority, policy }: Parts,
  name: string,
): SystemDefinition | undefined {
  const held = authority.systems.list().find(({ definition }) => definition.name === name)
  return policy.isolated.has(name) ? held?.before : held?.definition
}

/** What the policies in force would make of the pinned systems with this one among them. */
export function standingWith(parts: Parts, definition: SystemDefinition): Standing {
  const { authority } = parts
  const pinned = authority.systems.list().map((held) => held.definition)
  const others = pinned.filter(({ name }) => name !== definition.name)
  const systems = [...others, definition].map((now) => {
    const before = knownDefinition(parts, now.name)
    return { definition: now, ...(before !== undefined && before !== now && { before }) }
  })
  return standingOf(authority.policies.current()?.sources ?? [], systems)
}

/** Policies that do not hold with a system. */
export function breaksOf(standing: Standing, name: string): readonly Problem[] {
  return standing.ok ? (standing.isolated.get(name) ?? []) : standing.problems
}
