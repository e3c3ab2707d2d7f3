// Holds the index of policies by scope: for a question, the few that can speak of it, however many there are.

import type { Frame } from './expression.ts'
import type { CompiledPolicy, ScopeKeys } from './policy.ts'
import type { Uid } from './uid.ts'

/** The branch of those that say nothing about this part of a question. No key of an entity is empty. */
const ANY = ''

type Leaf = CompiledPolicy[]
type ByResource = Map<string, Leaf>
type ByPrincipal = Map<string, ByResource>

/**
 * Policies by the entities that their scopes name: action, then principal, then resource. A policy stands once for every entity
 * that its scope lists. INVARIANT: whatever scope holds for a question, one of its keys is the question's own entity or one
 * above it, so the look-up misses none; that it finds a few too many (`==` met by an entity above) the scope itself tells.
 */
export class PolicyIndex {
  readonly #actions = new Map<string, ByPrincipal>()
  #turn = 0

  constructor(policies: Iterable<CompiledPolicy>) {
    for (const policy of policies) this.#add(policy)
  }

  #add(policy: CompiledPolicy): void {
    const { action, principal, resource } = policy.keys
    for (const a of keysOf(action)) {
      const principals = getOr(this.#actions, a, (): ByPrincipal => new Map())
      for (const p of keysOf(principal)) {
        const resources = getOr(principals, p, (): ByResource => new Map())
        for (const r of keysOf(resource)) getOr(resources, r, (): Leaf => []).push(policy)
      }
    }
  }

  /** Every policy whose scope holds for the question, once each. */
  inScope(frame: Frame): CompiledPolicy[] {
    const found: CompiledPolicy[] = []
    const turn = ++this.#turn
    const actions = branches(frame.action, frame)
    const principals = branches(frame.principal, frame)
    const resources = branches(frame.resource, frame)
    for (const a of actions) {
      const byPrincipal = this.#actions.get(a)
      if (byPrincipal === undefined) continue
      for (const p of principals) {
        const byResource = byPrincipal.get(p)
        if (byResource === undefined) continue
        for (const r of resources) {
          for (const policy of byResource.get(r) ?? []) {
            if (policy.seen === turn) continue
            policy.seen = turn
            if (policy.inScope(frame)) found.push(policy)
          }
        }
      }
    }
    return found
  }
}

function keysOf(keys: ScopeKeys): Iterable<string> {
  return keys === undefined ? [ANY] : new Set(keys)
}

function branches(uid: Uid, { entities }: Frame): string[] {
  const above = entities.get(uid.key)?.above
  return above === undefined ? [ANY, uid.key] : [ANY, uid.key, ...above]
}

function getOr<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
