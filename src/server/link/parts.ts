// Holds what the link's end at control works with.

import type { AuditSink } from '../../wire/record.ts'
import type { Observe } from '../../wire/observation.ts'
import type { Actors } from '../../authority/identity/actors.ts'
import type { Identities } from '../../authority/identity/identities.ts'
import type { Authority } from '../../authority/open.ts'
import type { Governing } from '../../gateway/governing.ts'
import type { Ports } from '../../gateway/ports.ts'
import type { Clock } from '../../std/clock.ts'

/** What a gateway asks for is asked of these. */
export interface LinkParts {
  readonly authority: Pick<Authority, 'agents' | 'delegations' | 'locks' | 'systems' | 'tasks'>
  readonly actors: Actors
  readonly identities: Pick<Identities, 'onGone'>
  readonly governor: Governing
  /** Those of the gateway in this process: what it would do for itself it does for another. */
  readonly ports: Ports
  readonly audit: AuditSink
  readonly clock: Clock
  /** Whether this control still has its turn, asked now: one that has lost it knows no locks of the one that has it. */
  readonly inTurn: () => Promise<boolean>
  readonly observe: Observe
  readonly trustDomain: string
  readonly issuer: () => string
  readonly control: () => string
  readonly unbound: boolean
  readonly bundle: () => string
  readonly note: (event: string, facts?: Readonly<Record<string, unknown>>) => void
}
