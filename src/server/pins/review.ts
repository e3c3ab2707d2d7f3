// Holds the review of a quarantine: the difference as a person reads it, and their yes or no to exactly that.

import type { QuarantineReview, ServerPort } from '../../api/ports.ts'
import { differences } from '../../gateway/upstream/difference.ts'
import type { SystemDefinition } from '../../wire/system.ts'
import { serverFault } from '../faults.ts'
import { digested, othersOf, type PinParts } from './inspect.ts'
import { pinSeen } from './pin.ts'
import { signsOf } from './signs/all.ts'
import { breaksOf, standingWith } from './standing.ts'
import { asBefore } from './said.ts'

type Parts = Pick<PinParts, 'authority' | 'policy'>

/** What of a system waits, and how it differs from what is pinned; undefined where nothing waits. Throws `system.unknown`. */
export function reviewOf(parts: Parts, name: string): QuarantineReview | undefined {
  const { authority } = parts
  const { definition } = authority.systems.find(name)
  const waiting = authority.quarantines.of(name)
  if (waiting === undefined) return undefined
  const { seen } = waiting
  return {
    quarantine: waiting,
    differences: seen === undefined ? [] : differences(definition, seen),
    signs: seen === undefined ? [] : signsOf(seen, othersOf(parts, name)),
    breaks:
      seen === undefined ? [] : breaksOf(standingWith(parts, asPinned(definition, seen)), name),
  }
}

function asPinned(
  before: SystemDefinition,
  seen: Omit<SystemDefinition, 'digest'>,
): SystemDefinition {
  return digested({ ...seen, actions: asBefore(seen.actions, before.actions) })
}

/** Pins what waits, if it is what the person was shown. Throws `quarantine.none`, `quarantine.changed`, `system.changed`. */
export function approveSystem(
  parts: Parts,
  of: Parameters<ServerPort['approveSystem']>[0],
): Promise<unknown> {
  const { seen } = parts.authority.quarantines.shown(of.name, of.fingerprint)
  if (seen === undefined) {
    throw serverFault('system.changed', 'what it showed is not known any more: look at it again')
  }
  // It may show something else by the time that other changes of policies are through.
  const still = (): boolean => {
    parts.authority.quarantines.shown(of.name, of.fingerprint)
    return true
  }
  return pinSeen(parts, seen, of, still)
}
