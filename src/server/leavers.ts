// Holds what becomes of a person's authority when they leave: what runs on their behalf is cut, and what they passed on ends.

import type { Identities } from '../authority/identity/identities.ts'
import type { Authority } from '../authority/open.ts'

const REASON = 'its person has left'

/** What ends with a person. */
export interface LeaverParts {
  readonly authority: Pick<Authority, 'people' | 'delegations'>
  readonly identities: Pick<Identities, 'list'>
  /** Cuts the calls of an instance that are under way. */
  readonly cut: (instance: string) => void
  /** Told what could not be written: it counts for nothing already, and the next start tries again. */
  readonly onTrouble: (error: unknown) => void
}

/**
 * Ends what people who have left passed on, and from now on with each who leaves. Nothing hangs on it: no delegation of theirs
 * holds from the moment they leave. The answer resolves when what is under way has ended.
 */
export function endWithPeople(parts: LeaverParts): () => Promise<void> {
  const { people } = parts.authority
  const running = new Set<Promise<void>>()
  const start = (person: string): void => {
    const done = end(parts, person).finally(() => running.delete(done))
    running.add(done)
  }
  people.onChange(({ id, state }) => {
    if (state === 'left') start(id)
  })
  for (const { id, state } of people.list()) if (state === 'left') start(id)
  return async () => {
    await Promise.all(running)
  }
}

async function end(
  { authority: { delegations }, identities, cut, onTrouble }: LeaverParts,
  person: string,
): Promise<void> {
  const passed = delegations.list().filter((one) => one.person === person)
  const ids = new Set(passed.map(({ id }) => id))
  for (const { instance, delegation } of identities.list()) {
    if (delegation !== undefined && ids.has(delegation)) cut(instance)
  }
  // What stands below ends with it.
  const work = passed
    .filter(({ by }) => by === undefined)
    .map(({ id }) => delegations.revoke(id, { by: '', reason: REASON }))
  for (const done of await Promise.allSettled(work)) {
    if (done.status === 'rejected') onTrouble(done.reason)
  }
}
