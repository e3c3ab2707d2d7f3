// Holds a log of records that are made up, as stories read one: in order, with a gateway, a boot and a time of its own each.

import type { LoggedRecord } from '../../src/audit/log-reader.ts'
import type { TailQuery } from '../../src/audit/log.ts'
import type { ShardHead } from '../../src/audit/shard.ts'
import { matches } from '../../src/audit/search/query.ts'
import type { SearchAsk, SearchPage } from '../../src/audit/search/search.ts'
import type { StoryLog } from '../../src/api/audit/story-records.ts'
import { base64url, sha256 } from '../../src/std/bytes.ts'
import { rfc3339 } from '../../src/std/clock.ts'
import { Fault } from '../../src/std/fault.ts'
import type { AuditRecord, RecordDraft } from '../../src/wire/record.ts'

const START = Date.UTC(2026, 10, 23, 9)

/** The log. */
export class FakeStoryLog implements StoryLog {
  readonly all: LoggedRecord[] = []
  gateway = 'gw'
  boot = '00000000-0000-7000-8000-000000000001'
  now = START
  #iseq = 0
  /** Records that a checkpoint covers. */
  published = Infinity
  /** Records that the search has taken up; undefined where there is none. */
  searched: number | undefined = Infinity
  /** Records of the first of two shards. */
  firstShard = 1_000_000

  get shards(): readonly ShardHead[] {
    const root = new Uint8Array(32)
    const size = Math.min(this.all.length, this.firstShard)
    const second = { name: '2027h1', base: size, size: this.all.length - size, root }
    return [{ name: '2026h2', base: 0, size, root }, ...(second.size > 0 ? [second] : [])]
  }

  /** Begins another run of the gateway. */
  restart(): void {
    this.boot = this.boot.replace(/.$/, (digit) => String(Number(digit) + 1))
    this.#iseq = 0
  }

  /** Loses a record. */
  skip(): void {
    this.#iseq += 1
  }

  add(draft: Omit<RecordDraft, 'phase' | 'body'> & Partial<RecordDraft>, ms = 10): AuditRecord {
    const index = this.all.length
    this.now += ms
    this.#iseq += 1
    const record: AuditRecord = {
      phase: 'decision',
      body: {},
      ...draft,
      v: 2,
      id: `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`,
      nonce: '',
      ts: rfc3339(this.now),
      gateway: this.gateway,
      boot: this.boot,
      iseq: this.#iseq,
    }
    this.all.push({ index, leaf: base64url(sha256(String(index))), record })
    return record
  }

  async byCall(call: string): Promise<LoggedRecord[]> {
    return this.all.filter(({ record }) => record.call === call)
  }

  read(index: number, limit: number): LoggedRecord[] {
    return this.all.slice(index, index + limit)
  }

  async tail({ limit }: TailQuery): Promise<LoggedRecord[]> {
    return this.all.toReversed().slice(0, limit)
  }

  /** As the search of a log answers, as far as it has come. */
  async page({ query, limit, cursor }: SearchAsk): Promise<SearchPage> {
    if (this.searched === undefined) {
      const kind = { status: 503, next: 'try again' }
      throw new Fault('search.unavailable', kind, 'there is no search')
    }
    const searched = Math.min(this.searched, this.all.length)
    const from = Number(cursor ?? 0)
    const found = this.all
      .slice(from, searched)
      .filter(({ record }) => matches(query, record))
      .slice(0, limit)
    const last = found.at(-1)
    const next = found.length === limit && last !== undefined ? String(last.index + 1) : null
    return { indices: found.map(({ index }) => index), next, partial: false, searched }
  }

  proof(index: number): string {
    if (index < this.published) return 'proof'
    const kind = { status: 404, next: 'wait for the next checkpoint' }
    throw new Fault('audit.not_found', kind, 'no checkpoint covers it')
  }
}
