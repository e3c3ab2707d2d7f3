// Holds the refusal of an instance that has caused all the records that it may: counted, and not recorded one by one.

import type { Actor } from '../wire/actor.ts'
import { deny, type Denial } from './denial.ts'
import type { Ports } from './ports.ts'

/** The denial of an instance over its quota of records, with the time to wait; undefined for every other. */
export function overQuota(
  { instance }: Pick<Actor, 'instance'>,
  { recordQuota }: Pick<Ports, 'recordQuota'>,
): Denial | undefined {
  const over = recordQuota.over(instance)
  if (over === undefined) return undefined
  return { ...deny('audit.quota', over.detail), retryAfterMs: over.retryAfterMs }
}
