// Holds the second step: locks, the age of the instance and the age of our own view, before anything is looked up.

import type { Actor } from '../../wire/actor.ts'
import { deny, type Denial } from '../denial.ts'
import type { Ports } from '../ports.ts'

/** Denies what is locked, and everything once our view of locks is too old. Run again before each piece of an answer. */
export function barred(
  actor: Actor,
  system: string,
  action: string,
  ports: Pick<Ports, 'locks'>,
): Denial | undefined {
  const age = ports.locks.ageMs()
  if (!(age >= 0 && age <= ports.locks.leaseMs(system, action))) {
    const long = Number.isFinite(age) ? `for ${Math.round(age)} ms` : 'by a clock to be trusted'
    return deny('admit.stale_view', `this gateway has not heard of locks ${long}`)
  }
  const lock = ports.locks.find(actor, system, action)
  if (lock !== undefined) {
    return deny('admit.locked', `${lock.target} is locked: ${lock.reason}`, `lock ${lock.id}`)
  }
  return undefined
}

/** Denies what is barred or too old. Run again after every wait and just before the write. */
export function admit(
  actor: Actor,
  system: string,
  action: string,
  ports: Pick<Ports, 'locks' | 'clock'>,
): Denial | undefined {
  const shut = barred(actor, system, action, ports)
  if (shut !== undefined) return shut
  const now = ports.clock.now()
  if (now >= actor.lifeEnds) {
    return deny('admit.too_old', 'this instance is past its absolute life')
  }
  if (now >= actor.credential.ends) {
    return actor.credential.kind === 'x509'
      ? deny('authenticate.unknown_certificate', 'the certificate has expired')
      : deny('authenticate.unknown_token', 'the credential has ended')
  }
  return undefined
}
