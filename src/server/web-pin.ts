// Holds the pinning of the system `web`: Bailiwick itself does it, at the start of a home that does not have it as it is now.

import type { Authority } from '../authority/open.ts'
import { WEB, webSystem } from '../gateway/egress/web-system.ts'

/** Who pinned it: no person. */
const PINNED_BY = 'bailiwick'

/**
 * Pins `web` as this version has it. A system of that name that a person pinned before there was this one stays theirs, and then nothing
 * reaches the web by way of the gateway.
 */
export async function pinWeb(
  systems: Authority['systems'],
  note: (event: string, facts?: Readonly<Record<string, unknown>>) => void,
): Promise<void> {
  const before = systems.get(WEB)
  const definition = webSystem()
  if (before?.digest === definition.digest) return
  if (before !== undefined && before.transport.kind !== 'web') {
    note('the web is not reached: a system of another kind has its name', { system: WEB })
    return
  }
  await systems.pin(definition, {
    person: PINNED_BY,
    reason: 'the way out that Bailiwick has itself',
  })
}
