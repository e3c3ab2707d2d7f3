// Holds the keys by which this browser verifies: those that the server names, held against the one that was seen here first.

import { get } from './api.ts'
import type { AuditKeys } from '../../src/sdk/types.ts'

const PLACE = 'bailiwick.log-key'

/** Keys, and whether the log's own is the one that this browser knows. */
export interface KnownKeys {
  /** Lines, as `verifyProof` takes them. */
  readonly lines: string
  /** The log's own line, for somebody to compare. */
  readonly own: string
  /** `new`: seen for the first time; `changed`: another than before, by which nothing is told as verified. */
  readonly trust: 'known' | 'new' | 'changed'
  /** The line that was known before. */
  readonly before?: string
}

/** Asks for the keys. The first that is seen is remembered: who changes the log and its key later is seen to. Throws a Refusal. */
export async function logKeys(): Promise<KnownKeys> {
  const { log, witnesses } = await get<AuditKeys>('/v1/audit/keys')
  const own = log[0] ?? ''
  const before = localStorage.getItem(PLACE)
  if (before === null) localStorage.setItem(PLACE, own)
  const trust = before === null ? 'new' : before === own ? 'known' : 'changed'
  return {
    // The log's own line alone: it vouches for every half-year, and it is the one that was compared. Another line could name another key.
    lines: [own, ...witnesses].join('\n'),
    own,
    trust,
    ...(before !== null && trust === 'changed' && { before }),
  }
}

/** Takes another key from now on: somebody compared it. */
export function trustLogKey(own: string): void {
  localStorage.setItem(PLACE, own)
}
