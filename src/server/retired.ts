// Holds what becomes of an agent's authority when it is retired: its instances end, and the delegations to it.

import type { Identities } from '../authority/identity/identities.ts'
import type { Authority } from '../authority/open.ts'

const REASON = 'its agent is retired'

/** Something that agents hold by their names, and that ends with them. */
export interface HeldByAgents {
  list(): readonly { readonly id: string; readonly agent: string }[]
  end(id: string, reason: string): Promise<unknown>
}

/** What ends with an agent. */
export interface RetiredParts {
  readonly authority: Pick<Authority, 'agents' | 'delegations'>
  readonly identities: Pick<Identities, 'list' | 'endInstance'>
  /** What else ends, each kind found anew for every agent. */
  readonly more?: readonly HeldByAgents[]
  /** Told what could not be written: it counts for nothing already, and the next start tries again. */
  readonly onTrouble: (error: unknown) => void
}

/**
 * Ends what retired agents still have, and from now on with each that is retired. A crash between the retirement and an
 * ending loses nothing: whoever is not an active agent's instance is refused, and the next start ends what is left. The
 * answer resolves when what is under way has ended.
 */
export function endWithAgents(parts: RetiredParts): () => Promise<void> {
  const { agents } = parts.authority
  const running = new Set<Promise<void>>()
  const start = (name: string): void => {
    const done = end(parts, name).finally(() => running.delete(done))
    running.add(done)
  }
  agents.onChange((agent) => {
    if (agent.state === 'retired') start(agent.name)
  })
  for (const { name, state } of agents.list()) if (state === 'retired') start(name)
  return async () => {
    await Promise.all(running)
  }
}

async function end(parts: RetiredParts, name: string): Promise<void> {
  const { authority, identities, more = [], onTrouble } = parts
  const held = <T extends { readonly agent: string }>(all: readonly T[]): readonly T[] =>
    all.filter(({ agent }) => agent === name)
  // Instances first: what hangs on them ends with them.
  const work: Promise<unknown>[] = held(identities.list()).map(({ instance }) =>
    identities.endInstance(instance, REASON),
  )
  const { delegations } = authority
  for (const { id } of held(delegations.list())) {
    work.push(delegations.revoke(id, { by: '', reason: REASON }))
  }
  for (const kind of more) for (const { id } of held(kind.list())) work.push(kind.end(id, REASON))
  for (const done of await Promise.allSettled(work)) {
    if (done.status === 'rejected') onTrouble(done.reason)
  }
}
