// Holds the row of a subject: the key under which everything personal of one person is kept, for as long as it is kept.

import type { TableShape } from '../table.ts'

/** The subject of what no person stands behind: an agent that acts for nobody, and what the server itself did. */
export const NOBODY = 'nobody'

/** Whom kept data are about. Destroying `key` erases all of it, wherever copies of it are. */
export interface Subject {
  /** A person id, or `nobody`. */
  readonly id: string
  /** `erased`: there is no key, and there will be none again. */
  readonly state: 'active' | 'erased'
  /** Counts keys from 1: an erasure of somebody who is still here begins the next one. */
  readonly epoch: number
  /** 32 random bytes in an envelope; empty once erased. */
  readonly key: string
  /** Present while nothing of theirs may be erased: which record says so, by whose word (person id), since when (ms). */
  readonly hold?: { readonly leaf: string; readonly person: string; readonly at: number }
  /** ms since the epoch. */
  readonly createdAt: number
}

/** Table `subjects`. All are on the roll: a key that was put back after an erasure shows. */
export const SUBJECTS: TableShape<Subject> = {
  table: 'subjects',
  id: (subject) => subject.id,
  columns: (subject) => ({ subject: subject.id, state: subject.state }),
  roll: 'all',
}
