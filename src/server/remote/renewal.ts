// Holds the renewal of a gateway's certificate: in time, again and again until it works, and shown to agents from then on.

import type { SecureContextOptions, Server } from 'node:tls'
import type { Clock } from '../../std/clock.ts'
import type { Entropy } from '../../std/entropy.ts'
import type { Timer } from '../../std/timer.ts'
import { backoff, renewalTime } from '../holder/schedule.ts'
import type { GatewayIdentity } from './identity.ts'

/** Machines sleep, and timers sleep with them: the clock is looked at this often at least (ms). */
const LOOK_MS = 10_000

/** What renewing stands on. */
interface RenewalParts {
  readonly clock: Clock
  readonly timer: Timer
  readonly entropy: Entropy
  readonly current: () => GatewayIdentity
  /** Gets another certificate, which is `current` then. */
  readonly renew: () => Promise<void>
  readonly note: (event: string, facts?: Readonly<Record<string, unknown>>) => void
}

/** Servers whose certificates are kept fresh. */
export interface Renewal {
  /** Gives a server its certificate, now and whenever there is another. Returns the way to stop. */
  certify(server: Pick<Server, 'setSecureContext'>): () => void
  close(): void
}

/** Keeps it renewed. */
export function keepRenewed(parts: RenewalParts): Renewal {
  const { clock, current, entropy, note, timer } = parts
  const servers = new Set<Pick<Server, 'setSecureContext'>>()
  const at = (): number => renewalTime(current().notBefore, current().notAfter, entropy)
  let due = at()
  let failures = 0
  let closed = false
  const renew = async (): Promise<void> => {
    try {
      await parts.renew()
      failures = 0
      due = at()
      for (const server of servers) server.setSecureContext(contextOf(current()))
    } catch (error) {
      failures++
      due = clock.now() + backoff(failures, entropy)
      note('certificate not renewed', { error: String(error) })
    }
  }
  const look = (): (() => void) =>
    timer.after(Math.min(Math.max(due - clock.now(), 0), LOOK_MS), () => {
      const renewed = clock.now() >= due ? renew() : Promise.resolve()
      void renewed.then(() => {
        if (!closed) cancel = look()
      })
    })
  let cancel = look()
  return {
    certify: (server) => {
      server.setSecureContext(contextOf(current()))
      servers.add(server)
      return () => servers.delete(server)
    },
    close: () => {
      closed = true
      cancel()
    },
  }
}

/** Whom agents see, and whose certificates are theirs. */
function contextOf({ bundle, certificates, key }: GatewayIdentity): SecureContextOptions {
  return { key, cert: certificates, ca: bundle, minVersion: 'TLSv1.3' }
}
