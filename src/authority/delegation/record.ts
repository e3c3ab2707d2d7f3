// Holds what records say of a delegation.

import type { JsonObject } from '../../std/json.ts'
import type { Delegation } from '../../store/rows/delegation.ts'

/** Who passed what on to whom, for how long and how deep. */
export function delegationBody(doc: Delegation): JsonObject {
  const { by, parent, scope, task } = doc
  return {
    delegation: doc.id,
    expiresAt: doc.expiresAt,
    ...(by !== undefined && { by: { instance: by.instance, agent: by.agent } }),
    ...(parent !== undefined && { parent }),
    ...(scope !== undefined && { scope: [...scope] }),
    ...(task !== undefined && { task }),
    depth: doc.depth ?? 0,
  }
}
