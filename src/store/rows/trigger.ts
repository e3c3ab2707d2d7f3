// Holds the row of a learned trigger: one action was seen to set off another, by trace context that came back.

import type { TableShape } from '../table.ts'

/** What was seen. It only ever adds effects to its first action, so it can only narrow. */
export interface LearnedTrigger {
  /** `<system>/<action>` of the call that went out. */
  readonly from: string
  /** `<system>/<action>` of the call that came back in its trace. */
  readonly to: string
  /** How often; written from time to time, so a crash may lose the last few. */
  readonly count: number
  /** ms since the epoch. */
  readonly firstSeen: number
  /** ms since the epoch. */
  readonly lastSeen: number
  /** ms since the epoch. */
  readonly expiresAt: number
  /** A person says that it is none: it no longer counts until it has expired. */
  readonly dismissed?: { readonly by: string; readonly reason: string; readonly at: number }
}

/** Table `triggers`. */
export const TRIGGERS: TableShape<LearnedTrigger> = {
  table: 'triggers',
  id: (trigger) => `${trigger.from} ${trigger.to}`,
  columns: (trigger) => ({ expires_at: trigger.expiresAt }),
}
