// Holds the row of a payload: something personal that a record commits to, sealed under the key of its subject.

import type { TableShape } from '../table.ts'

/** What a payload is: words of people in a record, what a call sent or got back, or the arguments of a call that is held. */
export type PayloadKind = 'text' | 'arguments' | 'result' | 'held'

/** The end of what is kept for as long as its record is (ms since the epoch). */
export const NO_END = Number.MAX_SAFE_INTEGER

/** One payload. It confers no authority; its seal is bound to what names it. */
export interface Payload {
  /**
   * `text`: the commitment that stands in the record. `arguments`, `result`: kind and leaf hash of the record. `held`: the approval.
   */
  readonly id: string
  readonly kind: PayloadKind
  /** Id of the governed call; empty for words in other records. */
  readonly call: string
  /** Whose key it is sealed under. */
  readonly subject: string
  /** AES-256-GCM with `id` and `kind` as additional data, base64url. */
  readonly sealed: string
  /** ms since the epoch. */
  readonly createdAt: number
  /** When it is deleted, ms since the epoch. */
  readonly endsAt: number
}

/** Table `payloads`. */
export const PAYLOADS: TableShape<Payload> = {
  table: 'payloads',
  id: (payload) => payload.id,
  columns: (payload) => ({
    call: payload.call,
    subject: payload.subject,
    created_at: payload.createdAt,
    ends_at: payload.endsAt,
  }),
}
