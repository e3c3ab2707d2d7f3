// Holds the first step: from what a request presents to the live instance behind it (INV-8).

import type { Actor } from '../../wire/actor.ts'
import type { Presented } from '../../wire/presented.ts'
import type { Denial } from '../denial.ts'
import { GATEWAY_FAULTS, type GatewayCode } from '../faults.ts'
import type { Ports } from '../ports.ts'

/** What helps somebody whose token is worth nothing. */
const ASK_AGAIN = GATEWAY_FAULTS['authenticate.unknown_token'].next

/** The code with which nobody is refused for what they showed: this gateway cannot know now what it is worth. */
export const UNKNOWABLE = 'admit.stale_view'

/**
 * Asked for every request and never for a connection: a resumed TLS session stays authorised for ever, an instance does
 * not. Where the request comes from is no evidence of anything.
 */
export function authenticate(
  presented: Presented,
  ports: Pick<Ports, 'identities' | 'watch'>,
): Actor | Denial {
  const actor = ports.identities.actorOf(presented)
  if (!('refused' in actor)) return actor
  const { code, detail, of } = actor
  // Somebody who is known is recorded, with what they tried; only strangers are counted.
  if (of === undefined) ports.watch.refused(code.slice(code.indexOf('.') + 1))
  const known = Object.hasOwn(GATEWAY_FAULTS, code)
    ? GATEWAY_FAULTS[code as GatewayCode]
    : undefined
  return { denied: true, code, detail, next: known?.next ?? ASK_AGAIN, ...(of && { of }) }
}
