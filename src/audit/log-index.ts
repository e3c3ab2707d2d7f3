// Holds the reading face of the index: which entries answer a question. It never says what is in them.

import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'

import { fromBase64url } from '../std/bytes.ts'
import { isUuid } from '../std/id.ts'
import { uuidBytes } from './index-row.ts'
import { LEAF_NEWEST_RUN, LEAF_QUERY, readShards } from './log-state.ts'
import type { ShardHead } from './shard.ts'

/** Which records a reader wants: all conditions hold at once. */
export interface RecordFilter {
  readonly type?: string
  readonly call?: string
  readonly agent?: string
  readonly system?: string
}

/** The newest record of a boot that is in the log. */
export interface BootMark {
  readonly gateway: string
  readonly boot: string
  readonly iseq: number
}

const FILTERS = ['call', 'agent', 'system', 'type'] as const
/** Records of one call: an intent, an outcome, a few decisions. */
const CALL_RECORDS = 1000

/** A read-only connection to `log-state.sqlite`. */
export class LogIndex {
  readonly #database: DatabaseSync
  readonly #byId: StatementSync
  readonly #byLeaf: StatementSync
  readonly #newestRun: StatementSync
  readonly #byCall: StatementSync

  constructor(path: string) {
    this.#database = new DatabaseSync(path, { readOnly: true })
    this.#database.exec('PRAGMA busy_timeout = 5000')
    this.#byId = this.#database.prepare('SELECT idx FROM records WHERE id = ? LIMIT 1')
    this.#byLeaf = this.#database.prepare(LEAF_QUERY)
    this.#newestRun = this.#database.prepare(LEAF_NEWEST_RUN)
    this.#byCall = this.#database.prepare(
      `SELECT idx FROM records WHERE call = ? ORDER BY idx LIMIT ${CALL_RECORDS}`,
    )
  }

  /**
   * The shards as they are committed at this moment. Whoever reads what this index names reads it by these: the process hears of a commit
   * a moment after its rows are here.
   */
  shards(): ShardHead[] {
    return readShards(this.#database)
  }

  /** Index of the record with this id (UUID) or leaf hash (base64url). */
  find(idOrLeaf: string): number | undefined {
    if (isUuid(idOrLeaf)) return toIndex(this.#byId.get(uuidBytes(idOrLeaf)))
    const leaf = fromBase64url(idOrLeaf)
    return leaf?.length === 32 ? this.#findLeaf(leaf) : undefined
  }

  /** Indices of a call's records, oldest first. */
  byCall(call: string): number[] {
    return toIndices(this.#byCall.all(call))
  }

  /** Indices of at most `limit` records below `before`, newest first. */
  tail(filter: RecordFilter, before: number, limit: number): number[] {
    const given = FILTERS.filter((name) => filter[name] !== undefined)
    const where = ['idx < ?', ...given.map((name) => `${name} = ?`)].join(' AND ')
    const values: SQLInputValue[] = [before, ...given.map((name) => filter[name] ?? null), limit]
    const sql = `SELECT idx FROM records WHERE ${where} ORDER BY idx DESC LIMIT ?`
    return toIndices(this.#database.prepare(sql).all(...values))
  }

  /** Indices of intents that no outcome has answered, oldest first. */
  openIntents(): number[] {
    return toIndices(this.#database.prepare('SELECT idx FROM intents ORDER BY idx').all())
  }

  /** The boot whose record is the newest of a gateway. */
  newestBoot(gateway: string): BootMark | undefined {
    const sql = 'SELECT boot, iseq FROM boots WHERE gateway = ? ORDER BY idx DESC LIMIT 1'
    const row = this.#database.prepare(sql).get(gateway)
    if (row === undefined) return undefined
    return { gateway, boot: String(row['boot']), iseq: Number(row['iseq']) }
  }

  /** The newest record of every boot of every gateway: a sign of life, whatever it says. In the order of the log. */
  boots(): (BootMark & { readonly index: number })[] {
    const rows = this.#database.prepare('SELECT * FROM boots ORDER BY idx').all()
    return rows.map(({ gateway, boot, iseq, idx }) => ({
      gateway: String(gateway),
      boot: String(boot),
      iseq: Number(iseq),
      index: Number(idx),
    }))
  }

  close(): void {
    this.#database.close()
  }

  /** Asks run after run, the newest first: what is looked up is mostly young. */
  #findLeaf(leaf: Uint8Array): number | undefined {
    for (let run = Number(this.#newestRun.get()?.['run'] ?? -1); run >= 0; run--) {
      const index = toIndex(this.#byLeaf.get(run, leaf))
      if (index !== undefined) return index
    }
    return undefined
  }
}

function toIndex(row: Record<string, unknown> | undefined): number | undefined {
  return row === undefined ? undefined : Number(row['idx'])
}

function toIndices(rows: readonly Record<string, unknown>[]): number[] {
  return rows.map((row) => Number(row['idx']))
}
