// Holds the row of a policy version: the sources that a person applied.

import type { TableShape } from '../table.ts'

/** One policy file. */
export interface PolicySource {
  /** Path relative to the policies folder, with `/`. */
  readonly file: string
  readonly text: string
}

/** A policy set as it was applied. The current one is on the roll, so that an older one cannot be put back by hand. */
export interface PolicyVersion {
  /** UUIDv7: the same set applied twice is two versions. */
  readonly id: string
  /** Digest of the set, as decisions name it. */
  readonly digest: string
  readonly sources: readonly PolicySource[]
  /** Person id. */
  readonly person: string
  /** Why; absent in rows from before it was kept. */
  readonly reason?: string
  /** Person id of the second administrator, where one had to agree. */
  readonly approvedBy?: string
  /** Id of the version that it took the place of; absent for the first. */
  readonly parent?: string
  /** Id of the version whose text this is again. */
  readonly rollbackOf?: string
  /** ms since the epoch. */
  readonly appliedAt: number
  readonly current: boolean
}

/** Table `policies`. */
export const POLICIES: TableShape<PolicyVersion> = {
  table: 'policies',
  id: (version) => version.id,
  columns: (version) => ({ digest: version.digest, current: version.current ? 1 : 0 }),
  roll: { column: 'current', values: [1] },
}
