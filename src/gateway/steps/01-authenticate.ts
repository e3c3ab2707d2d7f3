// Holds the first step: from a credential to the live instance behind it (INV-8).

import type { Actor } from '../../wire/actor.ts'
import { deny, type Denial } from '../denial.ts'
import type { Ports } from '../ports.ts'

/**
 * Asked for every request and never for a connection: a resumed TLS session stays authorised for ever, an instance does
 * not. Where the request comes from is no evidence of anything.
 */
export function authenticate(
  certificate: string | undefined,
  ports: Pick<Ports, 'identities' | 'watch'>,
): Actor | Denial {
  if (certificate === undefined) {
    ports.watch.refused('no_certificate')
    return deny('authenticate.no_certificate', 'no client certificate was shown')
  }
  const actor = ports.identities.actorOf(certificate)
  if (actor === undefined) {
    ports.watch.refused('unknown_certificate')
    return deny('authenticate.unknown_certificate', 'the certificate belongs to no live instance')
  }
  return actor
}
