// Holds what lifts the gates of a held call: persons, what they agreed to for its task, and checks.

import type { Call } from './call.ts'

/** What was agreed to of a held call, and is used up for it. */
export type Lifted = Pick<Call, 'approval' | 'amended' | 'checked'>

/** The policies that are set aside for exactly this call. */
export function setAside({ approval, amended, checked }: Lifted): ReadonlySet<string> {
  return new Set([approval, amended, checked].flatMap((one) => one?.setAside ?? []))
}
