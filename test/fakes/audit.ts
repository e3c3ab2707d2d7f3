// Holds an audit sink that keeps what it was given, and can be told to fail.

import type { TailQuery } from '../../src/audit/log.ts'
import type { LoggedRecord } from '../../src/audit/log-reader.ts'
import { base64url, sha256 } from '../../src/std/bytes.ts'
import { rfc3339 } from '../../src/std/clock.ts'
import { Fault } from '../../src/std/fault.ts'
import { canonicalJson, type JsonObject } from '../../src/std/json.ts'
import type { AuditSink, Receipt, RecordDraft } from '../../src/wire/record.ts'

const GATEWAY = { gateway: 'gateway-1', boot: '00000000-0000-7000-8000-000000000000' }

/** One draft as it was acknowledged. */
export interface RecordedDraft {
  readonly draft: RecordDraft
  readonly receipt: Receipt
}

/** Records in memory, in the order of their acknowledgements. Receipts are unique and look like the real ones. */
export class FakeAudit implements AuditSink {
  readonly recorded: RecordedDraft[] = []
  /** Runs before each acknowledgement; throwing makes the append fail, waiting makes it slow. */
  before: (draft: RecordDraft) => void | Promise<void> = () => undefined

  /** What time it is, ms since the epoch; undefined: each record is a millisecond after the last. */
  now: (() => number) | undefined

  async append(draft: RecordDraft): Promise<Receipt> {
    await this.before(draft)
    const place = this.recorded.length
    const text = `${place}\n${canonicalJson(draft as unknown as JsonObject)}`
    const receipt: Receipt = {
      id: `00000000-0000-7000-8000-${String(place).padStart(12, '0')}`,
      leaf: base64url(sha256(text)),
      ts: rfc3339(this.now?.() ?? 1_767_225_600_000 + place),
    }
    this.recorded.push({ draft, receipt })
    return receipt
  }

  /** Makes every later append fail as a full disk would. */
  fail(): void {
    this.before = () => {
      throw new Fault(
        'audit.unavailable',
        { status: 503, next: 'free some space' },
        'no record can be made durable',
      )
    }
  }

  /** Makes appends succeed again. */
  recover(): void {
    this.before = () => undefined
  }

  /** The records as a log holds them, oldest first. */
  logged(): LoggedRecord[] {
    return this.recorded.map(({ draft, receipt }, index) => ({
      index,
      leaf: receipt.leaf,
      record: {
        ...draft,
        v: 1,
        id: receipt.id,
        nonce: '',
        ts: receipt.ts,
        ...GATEWAY,
        iseq: index + 1,
      },
    }))
  }

  /** What a reader of the log asks: newest first. */
  async tail({ limit, before = Infinity, ...filter }: TailQuery): Promise<LoggedRecord[]> {
    const wanted = Object.entries(filter)
    return this.logged()
      .filter(({ index }) => index < before)
      .filter(({ record }) =>
        wanted.every(([key, value]) => record[key as keyof typeof filter] === value),
      )
      .reverse()
      .slice(0, limit)
  }

  async get(leaf: string): Promise<LoggedRecord | undefined> {
    return this.logged().find((one) => one.leaf === leaf)
  }

  /** Types of what was recorded, in order. */
  types(): string[] {
    return this.recorded.map(({ draft }) => draft.type)
  }

  /** The last record of a type. */
  last(type: string): RecordDraft {
    const found = this.recorded.findLast(({ draft }) => draft.type === type)
    if (found === undefined) throw new Error(`no record of type ${type}`)
    return found.draft
  }
}
