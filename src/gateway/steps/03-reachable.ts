// Holds the last part of the third step: whether the gateway has a way to the system at all.

import type { SystemDefinition } from '../../wire/system.ts'
import { deny, type Denial } from '../denial.ts'

/** Denies a call of a system that is only described: programs that enforce by themselves ask about it, and nobody goes through here. */
export function reachable({ name, transport }: SystemDefinition): Denial | undefined {
  if (transport.kind !== 'external') return undefined
  return deny('resolve.external', `${name} is described, and not reached by way of the gateway`)
}
