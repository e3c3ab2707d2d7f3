// Holds retention as a server does it: once an hour it looks which shards are due, and lets them go one after the other.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Exports } from '../audit/export/exports.ts'
import { LogFolder } from '../audit/log-folder.ts'
import type { AuditLog } from '../audit/log.ts'
import { dropShard, verifyShard } from '../audit/retention/drop.ts'
import { droppedFromDatabase } from '../audit/postgres/drop.ts'
import { droppedOnRecord } from '../audit/retention/on-record.ts'
import { readRetention, type RetentionPolicy } from '../audit/retention/policy.ts'
import { standings, type ShardStanding } from '../audit/retention/standing.ts'
import type { Search } from '../audit/search/search.ts'
import { shardMembers } from '../audit/shard-word.ts'
import type { ShardHead } from '../audit/shard.ts'
import { publicFault } from '../std/fault.ts'
import { parseCheckpoint } from '../tlog/checkpoint.ts'
import { exportShard } from './backup/shard-export.ts'
import { dropRow } from './backup/dropped.ts'
import type { Ground, Machine } from './ground.ts'

/** Between two looks (ms). */
const LOOK_MS = 3_600_000
/** Words of people are written a moment before their record, which may be the first of the next shard (ms). */
const CONFIDED_MS = 60_000

/** What retention stands on. */
export interface RetentionParts extends Pick<Ground, 'store' | 'note'> {
  readonly audit: Pick<AuditLog, 'append' | 'flush' | 'shards' | 'stats'>
  readonly home: string
  readonly machine: Pick<Machine, 'clock' | 'timer'>
  readonly exports: Pick<Exports, 'states'>
  readonly search: Pick<Search, 'forget'>
  /** Whether this home names witnesses: then a shard is seen to its end before it goes. */
  readonly witnessed: boolean
  /** Of the PostgreSQL that orders the log, where one does. */
  readonly databaseUrl?: string
}

/** How the log of a home stands with its retention. */
export interface RetentionState {
  readonly keep: string
  readonly shards: readonly ShardStanding[]
  /** Shards that are gone here and whose records PostgreSQL still holds, until its owner removes them. */
  readonly inDatabase: readonly string[]
  /** Why something that is due is still there. */
  readonly problem?: string
}

/** Lets shards go when their time has come: verified, exported where that is asked for, recorded, and then removed. */
export class Retention {
  readonly #parts: RetentionParts
  readonly #policy: RetentionPolicy
  readonly #folder: LogFolder
  #problem: string | undefined
  #inDatabase: readonly string[] = []
  #looking: Promise<void> | undefined
  #cancel: (() => void) | undefined
  #closed = false

  /** Throws `audit.retention` for a file that is no policy. */
  constructor(parts: RetentionParts) {
    this.#parts = parts
    this.#policy = readRetention(parts.home)
    this.#folder = new LogFolder(join(parts.home, 'log'))
    this.#later(0)
  }

  /** How each shard stands at this moment. */
  state(): RetentionState {
    const problem = this.#problem
    return {
      keep: this.#policy.keep,
      shards: this.#standings(),
      inDatabase: this.#inDatabase,
      ...(problem !== undefined && { problem }),
    }
  }

  /** Lets go what is due. One look at a time; what goes wrong is the state's problem, and tried again with the next look. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined))
    return this.#looking
  }

  /** Ends looking; a shard that is being dropped is dropped first. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancel?.()
    await this.#looking
  }

  #later(ms: number): void {
    this.#cancel = this.#parts.machine.timer.after(ms, () => {
      void this.look().finally(() => {
        if (!this.#closed) this.#later(LOOK_MS)
      })
    })
  }

  async #look(): Promise<void> {
    this.#problem = undefined
    for (const { shard, state } of this.#standings()) {
      if (state !== 'due' || this.#closed) continue
      try {
        await this.#drop(shard)
      } catch (error) {
        const { detail } = publicFault(error)
        this.#problem = `${shard}: ${detail}`
        this.#parts.note('trouble', { retention: this.#problem })
        return
      }
    }
    await this.#lookInDatabase()
  }

  async #lookInDatabase(): Promise<void> {
    const { databaseUrl } = this.#parts
    const here = this.#standings().filter(({ state }) => state === 'dropped')
    if (databaseUrl === undefined || here.length === 0) return
    try {
      const gone = await droppedFromDatabase(databaseUrl)
      this.#inDatabase = here.map(({ shard }) => shard).filter((shard) => !gone.has(shard))
    } catch (error) {
      this.#problem = publicFault(error).detail
    }
  }

  #standings(): ShardStanding[] {
    const { audit, machine } = this.#parts
    const reached = {
      waitsFor: (head: ShardHead) => this.#waitsFor(head),
      dropped: ({ name }: ShardHead) => {
        const files = this.#folder.shard(name)
        return files.dropped && !files.dropping
      },
    }
    return standings(audit.shards, this.#policy, reached, machine.clock.now())
  }

  /** Everybody who still needs a shard goes before its time. */
  #waitsFor({ name, base, size }: ShardHead): string | undefined {
    const { exports, witnessed } = this.#parts
    const files = this.#folder.shard(name)
    if (leavesUnder(files.checkpoint()) < size) return 'its last checkpoint is not published'
    if (witnessed && leavesUnder(files.witnessed()) < size) return 'its end is not witnessed'
    const behind = exports.states().find(({ next }) => next < base + size)
    return behind && `the sink ${behind.name} has not had all of it`
  }

  async #drop(shard: string): Promise<void> {
    const { audit, home, machine, note, search, store } = this.#parts
    const head = audit.shards.find(({ name }) => name === shard)
    if (head === undefined) return
    const drop = { home, shard, base: head.base, size: head.size }
    // What a crash interrupted is on record already, and no longer whole; so is what another home of this log has dropped.
    const said = droppedOnRecord(home, this.#folder).get(shard)?.size === head.size
    if (!said && !this.#folder.shard(shard).dropping) {
      await verifyShard(drop)
      const exported = await this.#export(head)
      const gone = audit.shards.filter(({ name }) => this.#folder.shard(name).dropped)
      const receipt = await audit.append({
        type: 'log.shard_dropped',
        phase: 'lifecycle',
        body: {
          ...shardMembers(head),
          keep: this.#policy.keep,
          exported,
          before: gone.map(shardMembers),
        },
      })
      // Whoever verifies the log from here on finds the reason in it.
      await audit.flush()
      await dropRow(store, shard, machine.clock.now(), receipt)
    }
    await dropShard(drop)
    search.forget()
    await this.#prune()
    note('dropped a shard of the log', { shard, records: head.size })
  }

  /** True where the shard is in the folder for exports now. */
  async #export({ name }: ShardHead): Promise<boolean> {
    const folder = this.#policy.export
    if (folder === undefined) return false
    const to = join(folder, name === '' ? 'first' : name)
    // An export gets its name when it is whole: a look before this one was interrupted behind it.
    if (!existsSync(to)) await exportShard({ home: this.#parts.home, shard: name, to })
    return true
  }

  /** What was kept beside the oldest shards goes with them: words of people, arguments, results. */
  async #prune(): Promise<void> {
    const first = this.#standings().findIndex(({ state }) => state !== 'dropped')
    const upto = this.#standings()[first - 1]?.endsAt
    if (upto === undefined) return
    const { payloads } = this.#parts.store
    while ((await payloads.prune('created_at', upto - CONFIDED_MS)) > 0);
  }
}

/** Leaves under a signed note; -1 where there is none. */
function leavesUnder(note: string | undefined): number {
  return note === undefined ? -1 : parseCheckpoint(note.slice(0, note.indexOf('\n\n') + 1)).size
}
