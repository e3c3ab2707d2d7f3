// Holds what control tells a gateway as it happens: locks first of all, in the turn in which they are in force.

import type { Lock } from '../../store/rows/lock.ts'
import type { JsonObject } from '../../std/json.ts'
import type { LinkLock } from '../../wire/lock.ts'
import type { LinkSystem } from '../../wire/link.ts'
import type { LinkParts } from './parts.ts'

/** A lock as gateways know it. */
export function lockSaid({ id, reason, target }: Lock): LinkLock {
  return { id, kind: target.kind, name: target.name, reason }
}

/** The systems that a gateway may reach. */
export function systemsSaid(
  { authority }: Pick<LinkParts, 'authority'>,
  mayReach: (system: string) => boolean,
): LinkSystem[] {
  return authority.systems
    .all()
    .filter(({ name }) => mayReach(name))
    .map((definition) => ({
      definition,
      environment: authority.systems.environmentOf(definition.name),
    }))
}

/** Tells `tell` whatever changes from now on. The answer stops it. */
export function pushTo(
  parts: LinkParts,
  mayReach: (system: string) => boolean,
  tell: (name: string, params: JsonObject) => void,
): () => void {
  const { agents, delegations, locks, systems, tasks } = parts.authority
  const stops = [
    locks.onChange((change, lock) => tell('lock', { change, lock: { ...lockSaid(lock) } })),
    parts.identities.onGone((instance) => tell('gone', { instance })),
    delegations.onEnd((delegation) => tell('over', { delegation })),
    tasks.onEnd((task) => tell('done', { task })),
    agents.onChange(() => tell('changed', {})),
    systems.onChange((definition) => {
      const { name } = definition
      if (!mayReach(name)) return
      const system: LinkSystem = { definition, environment: systems.environmentOf(name) }
      tell('system', system as unknown as JsonObject)
    }),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}
