// Holds what a sink is: somewhere that records are sent to, and what it has to be able to do.

import type { AuditRecord } from '../../wire/record.ts'

/** A record on its way out. */
export interface ExportEvent {
  /** From the beginning of the log. */
  readonly index: number
  /** Leaf hash, base64url. */
  readonly leaf: string
  /** Origin of the shard that holds it. */
  readonly origin: string
  readonly record: AuditRecord
}

/** Somewhere that records are sent to. One `send` at a time. */
export interface Sink {
  /** How long what was sent may still be lost with its connection (ms); 0 where the other side acknowledges. */
  readonly settleMs: number
  /**
   * Resolves once the other side has the events, or as far as can be known. Throws `export.undelivered` where trying again may
   * help, `export.refused` where this very batch was refused; both say what was answered, and never a secret.
   */
  send(events: readonly ExportEvent[]): Promise<void>
  close(): Promise<void>
}

/** How one sink is doing. */
export interface SinkState {
  readonly name: string
  readonly kind: string
  /** Where to, without credentials. */
  readonly target: string
  /** Index of the first record that it has not had. */
  readonly next: number
  /** Events sent since the start. */
  readonly sent: number
  /** Events that it refused one by one, which were left out. */
  readonly refused: number
  /** ms since the epoch of the last delivery in this start. */
  readonly lastSent?: number
  /** Why it has been standing still, in words. */
  readonly problem?: string
}

/** True where a record type is among patterns: a type, or its beginning with `*` behind. */
export function selects(patterns: readonly string[], type: string): boolean {
  return patterns.some((one) =>
    one.endsWith('*') ? type.startsWith(one.slice(0, -1)) : type === one,
  )
}
