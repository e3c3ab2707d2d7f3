// Holds how a committed shard is signed, and which shards of a new head have to be.

import { formatCheckpoint } from '../tlog/checkpoint.ts'
import { signNote } from '../tlog/note.ts'
import { AUDIT_FAULTS, fault, type AuditCode } from './faults.ts'
import type { Fault } from '../std/fault.ts'
import type { LogKey } from './log-key.ts'
import { shardOrigin, type ShardHead } from './shard.ts'

/** Failures of a log that starting again cannot cure. */
export const FINAL_CODES: readonly string[] = [
  'audit.fenced',
  'audit.corrupt',
  'audit.rolled_back',
  'audit.key',
  'audit.newer',
]

/** The signed checkpoint of a shard. Only what is committed is signed, so no two of one log ever contradict each other. */
export function signShard(key: LogKey, { name, size, root }: ShardHead): string {
  const body = formatCheckpoint({ origin: shardOrigin(key.origin, name), size, root })
  return signNote(body, [key.shard(name)])
}

/** A failure as a thread said it. */
export function threadFault(code: string, detail: string): Fault {
  return fault(code in AUDIT_FAULTS ? (code as AuditCode) : 'audit.unavailable', detail)
}
