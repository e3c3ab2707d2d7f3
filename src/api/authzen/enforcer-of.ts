// Holds who an enforcer is: the assertion of a request, and nothing else that it carries.

import { enforcerFault } from '../../authority/enforcers/faults.ts'
import type { Enforcer } from '../../authority/enforcers/enforcers.ts'
import type { ControlPorts } from '../ports.ts'

export type { Enforcer }

/** The enforcer that asks. No credential of an agent or a person is an assertion (INV-9). Throws `enforcer.*`. */
export function enforcerOf(
  request: Request,
  { authority, decisions }: Pick<ControlPorts, 'authority' | 'decisions'>,
): Enforcer {
  const authorization = request.headers.get('authorization')
  const assertion = /^Bearer ([\w.~+/=-]+)$/i.exec(authorization ?? '')?.[1]
  if (assertion === undefined) {
    throw enforcerFault('enforcer.missing', 'no enforcer is named')
  }
  return authority.enforcers.identify(assertion, decisions.url())
}
