// Holds the watch over pins put together with the parts that it stands on.

import type { Authority } from '../../authority/open.ts'
import type { Clock } from '../../std/clock.ts'
import type { AuditSink } from '../../wire/record.ts'
import type { LivePolicy } from '../live-policy.ts'
import type { Stack } from '../stack.ts'
import { pinSeen } from './pin.ts'
import { PinWatch } from './watch.ts'

/** Opens it. What waited when the home was closed waits again. The stack waits for what it is about to write. */
export function openPins(
  of: {
    readonly authority: Authority
    readonly audit: AuditSink
    readonly clock: Pick<Clock, 'now'>
    readonly policy: LivePolicy
    readonly onTrouble: (error: unknown) => void
  },
  stack: Stack,
): PinWatch {
  const { authority, policy } = of
  const pins = new PinWatch({
    ...of,
    pinPassed: (pinned, seen, reason) => {
      const { person } = authority.systems.find(pinned.name)
      const still = (): boolean => authority.systems.get(pinned.name)?.digest === pinned.digest
      return pinSeen({ authority, policy }, seen, { person, reason }, still)
    },
  })
  stack.push(() => pins.settled())
  return pins
}
