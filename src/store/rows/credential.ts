// Holds the row of a credential's use: when it was used last and by which agents, coarsely; no authority.

import type { TableShape } from '../table.ts'

/** How a secret of a system is used. */
export interface CredentialUse {
  readonly system: string
  readonly name: string
  /** ms since the epoch; behind by as much as an hour while it is in use. */
  readonly lastUsedAt: number
  /** Agents whose calls it went out with, each with when that was last; bounded. */
  readonly usedBy: readonly { readonly agent: string; readonly at: number }[]
  /** Agents beyond those that are listed. */
  readonly more: number
  /** What people were told of it already, so that a finding that was closed does not come back. */
  readonly told: readonly string[]
}

/** Table `credentials`. */
export const CREDENTIALS: TableShape<CredentialUse> = {
  table: 'credentials',
  id: (use) => `${use.system}/${use.name}`,
  columns: (use) => ({ system: use.system }),
}
