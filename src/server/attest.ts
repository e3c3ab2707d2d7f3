// Holds what hangs on attestation in a whole Bailiwick: distrust that reaches instances, and the lock that answers a join race.

import type { Identities } from '../authority/identity/identities.ts'
import type { Authority } from '../authority/open.ts'
import type { Clock } from '../std/clock.ts'
import type { Observe } from '../wire/observation.ts'
import type { LockOn } from './responses.ts'
import type { HeldByAgents } from './retired.ts'

/**
 * Ends the instances whose trust source is no longer trusted, or was trusted anew after they came: at once when it is removed, and at
 * the start for what a crash left. The answer stops it.
 */
export function endWithSources({
  authority,
  identities,
}: {
  readonly authority: Pick<Authority, 'trust'>
  readonly identities: Pick<Identities, 'endWhere'>
}): () => void {
  const sweep = (): void =>
    identities.endWhere(({ attested, createdAt }) => {
      if ((attested?.source ?? '') === '') return false
      const source = authority.trust.get(attested?.source ?? '')
      return source === undefined || source.createdAt > createdAt
    }, 'its trust source was removed')
  sweep()
  return authority.trust.onChange(sweep)
}

/** Registrations, as what ends with their agents. */
export function heldRegistrations(
  registrations: Pick<Identities['registrations'], 'list' | 'remove'>,
): HeldByAgents {
  return {
    list: () => registrations.list(),
    end: (id, reason) => registrations.remove(id, { person: '', reason }),
  }
}

/**
 * Answers the second use of a join token: whoever was first is locked, where the setting says so and nobody has done it yet, when
 * this resolves. It stays locked until a person has looked.
 */
export async function answerJoinRace(
  {
    authority,
    identities,
    lockOn,
    clock,
    observe,
  }: {
    readonly authority: Pick<Authority, 'locks'>
    readonly identities: Pick<Identities, 'live'>
    readonly lockOn: LockOn
    readonly clock: Clock
    readonly observe: Observe
  },
  { instance, agent }: { readonly instance: string; readonly agent: string },
): Promise<void> {
  if (identities.live(instance) === undefined) return
  const { locks } = authority
  const standing = locks
    .list()
    .some(({ target }) => target.kind === 'instance' && target.name === instance)
  if (lockOn !== 'none' && !standing) {
    const target = { kind: 'instance', name: instance } as const
    await locks.add({ target, person: '', reason: 'its join token was used a second time' })
  }
  observe({ kind: 'join-token-reused', at: clock.now(), instance, agent, place: '' })
}
