// Holds the fingerprint of a system: the digest of everything that it shows, and of nothing that people say of it.

import { systemDigest } from '../../gateway/upstream/definition.ts'
import type { SystemDefinition } from '../../wire/system.ts'

/** Equal for what shows itself the same; what a person has to name to say that this is what they saw. */
export function fingerprint(definition: Omit<SystemDefinition, 'digest' | 'maxProcesses'>): string {
  const actions = definition.actions.map(
    ({ effects: _e, labels: _l, measures: _m, triggers: _t, ...action }) => ({
      ...action,
      effects: [],
    }),
  )
  const { passing: _p, ...shown } = { maxProcesses: 0, ...definition }
  return systemDigest({ ...shown, actions, maxProcesses: 0 })
}
