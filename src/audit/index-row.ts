// Holds what the index keeps of a record: enough to find it, to filter by it, and to know which intents are open.

import { Buffer } from 'node:buffer'

/** The envelope of one record as the index stores it. */
export interface IndexRow {
  /** UUID as 16 bytes. */
  readonly id: Uint8Array
  readonly leaf: Uint8Array
  readonly type: string
  readonly phase: string
  readonly call: string | null
  readonly agent: string | null
  readonly system: string | null
  /** Milliseconds since the epoch. */
  readonly ts: number
  /** Leaf hash of the record that it answers. */
  readonly ref: Uint8Array | null
  readonly gateway: string
  readonly boot: string
  readonly iseq: number
}

/**
 * Reads the envelope of a record that this log sealed itself. Here `JSON.parse` is enough: only texts and one small
 * integer are taken, and what is hashed and stored are the record's own bytes. Undefined for anything that is no record.
 */
export function indexRow(entry: Buffer, leaf: Uint8Array): IndexRow | undefined {
  let json: unknown
  try {
    json = JSON.parse(entry.toString('utf8'))
  } catch {
    return undefined
  }
  if (typeof json !== 'object' || json === null) return undefined
  const record = json as Readonly<Record<string, unknown>>
  const text = (key: string): string => (typeof record[key] === 'string' ? record[key] : '')
  const iseq = record['iseq']
  const ts = Date.parse(text('ts'))
  const id = uuidBytes(text('id'))
  if (id.length !== 16 || typeof iseq !== 'number' || Number.isNaN(ts)) return undefined
  const ref = text('ref')
  return {
    id,
    leaf,
    type: text('type'),
    phase: text('phase'),
    call: text('call') || null,
    agent: text('agent') || null,
    system: text('system') || null,
    ts,
    ref: ref === '' ? null : Buffer.from(ref, 'base64url'),
    gateway: text('gateway'),
    boot: text('boot'),
    iseq,
  }
}

/** The 16 bytes of a UUID's text; fewer where it is none. */
export function uuidBytes(text: string): Uint8Array {
  return Buffer.from(text.replaceAll('-', ''), 'hex')
}
