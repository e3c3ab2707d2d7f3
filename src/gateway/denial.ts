// Holds the denial: a value that says why a call does not run, never an exception.

import type { Actor } from '../wire/actor.ts'
import { GATEWAY_FAULTS, type GatewayCode } from './faults.ts'

/** Why a call does not run. Only `code`, `detail` and `next` are told to the agent. */
export interface Denial {
  readonly denied: true
  readonly code: string
  /** Lower case, one sentence, safe for the agent. */
  readonly detail: string
  readonly next: string
  /** When the same call may go through (ms from now); absent: waiting does not help, or nobody knows. */
  readonly retryAfterMs?: number
  /** What the operator sees besides, in the record. */
  readonly because?: string
  /** Who it is, where the credential was good and the task that was named is not: then the denial is recorded. */
  readonly of?: Actor
}

/** Makes a denial of a known code. */
export function deny(code: GatewayCode, detail: string, because?: string): Denial {
  return {
    denied: true,
    code,
    detail,
    next: GATEWAY_FAULTS[code].next,
    ...(because !== undefined && { because }),
  }
}

/** Narrows what a step returned. */
export function isDenial(value: unknown): value is Denial {
  return typeof value === 'object' && value !== null && 'denied' in value && value.denied === true
}

/** Codes whose detail quotes what a person typed, with what the record of a call says instead: their words stand in their own record. */
const QUOTING: Readonly<Record<string, string>> = {
  'admit.locked': 'a lock stops it',
  'call.cut': 'a lock cut it',
  'approval.denied': 'a person denied this call',
  'check.denied': 'a check denied this call',
}

/** Why a call did not run, or ended, as its records say it: without the words of anybody. */
export function recordedReason({ code, detail }: Pick<Denial, 'code' | 'detail'>): string {
  return QUOTING[code] ?? detail
}
