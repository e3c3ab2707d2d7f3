// Holds what a lock takes back elsewhere: tokens of systems, where those take them back (RFC 7009), each with what came of it.

import { rfc3339 } from '../../std/clock.ts'
import type { Timer } from '../../std/timer.ts'
import { USER } from '../../authority/locks/credentials.ts'
import type { UpstreamTokenStore } from '../../authority/upstream-tokens/upstream-tokens.ts'
import type { Lock } from '../../store/rows/lock.ts'
import type { LockUpstream } from '../../wire/lock-receipt.ts'
import type { TokenCache } from './token-cache.ts'
import type { UserConsents } from './user-consents.ts'

/** How long a lock's receipt waits for systems (ms): the lock itself waits for nothing. */
const PATIENCE_MS = 3_000
/** Tokens that are taken back for one lock at most; the others end by themselves. */
const MOST = 64

/** What is asked. */
export interface AtLockParts {
  readonly cache: Pick<TokenCache, 'take'>
  readonly tokens: Pick<UpstreamTokenStore, 'list'>
  readonly consents: Pick<UserConsents, 'revokeAccess' | 'disconnect'>
  readonly timer: Timer
}

interface Revoking {
  readonly system: string
  readonly credential: string
  readonly expiresAt?: number
  readonly revoked: Promise<boolean | undefined>
}

/** Of whom a lock takes tokens back: of a person, of a system, of one consent or value, or of everybody. */
interface Reach {
  readonly system?: string
  /** Person id; empty: those that are nobody's. */
  readonly person?: string
  /** True where the consent itself is over, and not only what stands on it for now. */
  readonly whole: boolean
}

/**
 * Takes back what a lock reaches, and tells what came of each within three seconds. A lock on what an agent is or does takes nothing back: its
 * tokens are its user's or its system's, and it never had them.
 */
export async function revokeAtLock(
  lock: Pick<Lock, 'id' | 'target' | 'reason' | 'person'>,
  parts: AtLockParts,
): Promise<readonly LockUpstream[]> {
  const reach = reachOf(lock)
  if (reach === undefined) return []
  const { system, person } = reach
  const consents = parts.tokens
    .list({ ...(system !== undefined && { system }), ...(person && { person }) })
    .filter(() => person !== '')
    .slice(0, MOST)
    .map((one): Revoking => ({
      system: one.system,
      credential: `${USER}${one.person}`,
      ...(one.expiresAt !== undefined && { expiresAt: one.expiresAt }),
      revoked: reach.whole
        ? ended(one, lock, parts)
        : parts.consents.revokeAccess(one, lock.id).catch(() => false),
    }))
  const minted = parts.cache
    .take((of) => of.system === (system ?? of.system) && of.whose === (person ?? of.whose))
    .map(({ whose, ...one }): Revoking => ({
      ...one,
      credential: whose === '' ? 'token' : `token:${USER}${whose}`,
    }))
  const all = [...valuesOf(lock), ...consents, ...minted]
  return outcomes(all.slice(0, MOST), parts.timer)
}

function reachOf({ target: { kind, name } }: Pick<Lock, 'target'>): Reach | undefined {
  switch (kind) {
    case 'everything':
      return { whole: false }
    case 'system':
      return { system: name, whole: false }
    case 'person':
      return { person: name, whole: false }
    case 'credential': {
      const slash = name.indexOf('/')
      const [system, rest] = [name.slice(0, slash), name.slice(slash + 1)]
      if (!rest.startsWith(USER)) return { system, whole: false }
      return { system, person: rest.slice(USER.length), whole: true }
    }
    default:
      return undefined
  }
}

/** A value that is locked itself: only where it was made can it be made invalid. */
function valuesOf({ target: { kind, name } }: Pick<Lock, 'target'>): Revoking[] {
  const slash = name.indexOf('/')
  const [system, credential] = [name.slice(0, slash), name.slice(slash + 1)]
  if (kind !== 'credential' || credential.startsWith(USER)) return []
  return [{ system, credential, revoked: Promise.resolve(undefined) }]
}

/** A consent that is locked itself is over: what it gave may be in other hands. */
async function ended(
  of: { readonly system: string; readonly person: string },
  { id, person, reason }: Pick<Lock, 'id' | 'reason' | 'person'>,
  { consents }: AtLockParts,
): Promise<boolean> {
  const by = {
    person: person === '' ? of.person : person,
    reason: `lock ${id}: ${reason}`.slice(0, 500),
  }
  return consents.disconnect(of, by).then(
    ({ revoked }) => revoked,
    () => false,
  )
}

async function outcomes(all: readonly Revoking[], timer: Timer): Promise<readonly LockUpstream[]> {
  if (all.length === 0) return []
  let stop = (): void => undefined
  const late = new Promise<'late'>((resolve) => {
    stop = timer.after(PATIENCE_MS, () => resolve('late'))
  })
  const found = await Promise.all(
    all.map(async ({ system, credential, expiresAt, revoked }): Promise<LockUpstream> => {
      const said = await Promise.race([revoked, late])
      const outcome =
        said === 'late'
          ? 'unanswered'
          : said === undefined
            ? 'unsupported'
            : said
              ? 'revoked'
              : 'refused'
      const until = said === true || expiresAt === undefined ? null : rfc3339(expiresAt)
      return { system, credential, outcome, until }
    }),
  )
  stop()
  return found
}
