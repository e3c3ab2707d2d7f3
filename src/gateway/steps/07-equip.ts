// Holds the seventh step: the upstream for this one call, with credentials that the agent never sees (INV-3).

import { publicFault } from '../../std/fault.ts'
import type { Call } from '../call.ts'
import { deny, type Denial } from '../denial.ts'
import type { UpstreamPool } from '../upstream/pool.ts'
import type { UpstreamSession } from '../upstream/session.ts'

/** A failure to equip, in the words of the upstream layer. */
function failure(error: unknown): Denial {
  const { code, detail, next } = publicFault(error)
  return { denied: true, code, detail, next }
}

/**
 * The running conversation of this instance with the system, whose tool is still exactly what was pinned. A tool that has
 * changed since is not called, however it is named.
 */
export async function equip(call: Call, pool: UpstreamPool): Promise<UpstreamSession | Denial> {
  try {
    const session = await pool.acquire(call.actor, call.system)
    if (await session.stillIs(call.action)) return session
  } catch (error) {
    return failure(error)
  }
  return deny(
    'resolve.definition_changed',
    `${call.system.name} now defines \`${call.action.name}\` differently from what was pinned`,
  )
}
