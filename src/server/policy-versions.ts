// Holds the applying of policies: compiled against what is pinned, recorded, and only then in force.

import type { PolicyChange } from '../api/ports.ts'
import type { Authority } from '../authority/open.ts'
import type { PolicySource } from '../policy/load.ts'
import type { PolicySet } from '../policy/set.ts'
import { LivePolicy } from './live-policy.ts'

/** The parts that applying needs. */
export interface PolicyParts {
  readonly authority: Pick<Authority, 'systems' | 'policies'>
  readonly policy: LivePolicy
}

/** Brings back the version that was applied last. What does not compile leaves nothing in force, and says why. */
export function restorePolicy({ authority, policy }: PolicyParts): void {
  const current = authority.policies.current()
  if (current === undefined) return
  const compiled = LivePolicy.compile(current.sources, pinned(authority))
  if (compiled.ok) policy.put(compiled.set, current.sources)
  else policy.keep(compiled.problems)
}

/** Applies a whole set on a person's word, or tells what applying it would change. An invalid set changes nothing. */
export async function applyPolicies(
  { authority, policy }: PolicyParts,
  of: {
    readonly sources: readonly PolicySource[]
    readonly person: string
    readonly reason: string
    readonly dryRun: boolean
  },
): Promise<PolicyChange> {
  const compiled = LivePolicy.compile(of.sources, pinned(authority))
  if (!compiled.ok) return compiled
  const { set, warnings } = compiled
  const change = difference(policy.set, set)
  if (!of.dryRun) {
    await authority.policies.apply({ digest: set.digest, sources: of.sources }, of)
    policy.put(set, of.sources)
  }
  return { ok: true, digest: set.digest, applied: !of.dryRun, ...change, warnings }
}

function pinned(authority: PolicyParts['authority']) {
  return authority.systems.list().map(({ definition }) => definition)
}

function difference(before: PolicySet, after: PolicySet) {
  const old = texts(before)
  const now = texts(after)
  return {
    added: [...now.keys()].filter((id) => !old.has(id)),
    removed: [...old.keys()].filter((id) => !now.has(id)),
    changed: [...now].filter(([id, text]) => old.has(id) && old.get(id) !== text).map(([id]) => id),
  }
}

function texts(set: PolicySet): Map<string, string> {
  return new Map([...set.policies].map(([id, policy]) => [id, JSON.stringify(policy.json)]))
}
