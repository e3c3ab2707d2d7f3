// Holds a process's turn at a database: one at a time, taken over within a moment of the other's end, fenced by a number.

import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from 'pg'
import { faults } from '../../std/fault.ts'
import type { Timer } from '../../std/timer.ts'
import { STORE_FAULTS } from '../faults.ts'
import { DURABLE, fencedBy } from './dialect.ts'
import { asStoreFault, isPassing } from './outage.ts'
import { openClient } from './pool.ts'

const fault = faults(STORE_FAULTS)

/** The advisory lock of whoever has the turn. */
const LOCK = [0x62_77_01, 1] as const
/** How often one who waits asks again, and one who lost its connection (ms). */
const ASK_MS = 200

/** How long the database may take to say whose turn it is (ms). */
const HOLDS_MS = 1_000

/** What a turn is taken with. */
export interface LeaseOptions {
  readonly url: string
  readonly timer: Timer
  /** In words, for whoever finds the database taken. */
  readonly holder: string
  /** True to wait until the turn is free, instead of refusing. */
  readonly wait: boolean
  /** Told while waiting: who has the turn, whenever that is another. */
  readonly onWait?: (holder: string) => void
  /** Ends the waiting. */
  readonly interrupted?: AbortSignal
}

/**
 * The turn of this process. The lock is its connection's, so a process that dies gives it up at once; what makes it safe is the
 * number, which every transaction compares: a process that was taken for dead and was only slow writes nothing any more.
 */
export class DatabaseLease {
  /** Number of this turn. */
  readonly epoch: number
  readonly #options: LeaseOptions
  #client: Client | undefined
  #cancel: (() => void) | undefined
  #lost: ((fault: Error) => void) | undefined
  #over = false

  private constructor(options: LeaseOptions, client: Client, epoch: number) {
    this.#options = options
    this.epoch = epoch
    this.#hold(client)
  }

  /**
   * Takes the turn. Throws `store.database_in_use`, naming who has it, `store.migrate`, and what connecting throws. Who waits, and has reached
   * the database once, goes on waiting while it is away, until it is interrupted: then with the reason of that.
   */
  static async take(options: LeaseOptions): Promise<DatabaseLease> {
    const waiting: Waiting = { told: undefined, reached: false }
    for (;;) {
      options.interrupted?.throwIfAborted()
      try {
        const lease = await DatabaseLease.#try(options, waiting)
        if (lease !== undefined) return lease
      } catch (error) {
        if (!options.wait || !waiting.reached || !isPassing(error)) throw error
      }
      // Not the injected timer, which lets a process end that has nothing else to do: this one is waiting.
      await pause(ASK_MS)
    }
  }

  /** One attempt; undefined where another process has the turn and this one waits. */
  static async #try(options: LeaseOptions, waiting: Waiting): Promise<DatabaseLease | undefined> {
    const client = await openClient(options.url)
    try {
      if (await tryLock(client)) {
        return new DatabaseLease(options, client, await nextEpoch(client, options.holder))
      }
      const { rows } = await client.query<{ holder: string }>('select holder from control')
      const holder = rows[0]?.holder ?? 'another process'
      if (!options.wait) throw fault('store.database_in_use', `the database is in use by ${holder}`)
      waiting.reached = true
      if (waiting.told !== holder) options.onWait?.(holder)
      waiting.told = holder
    } catch (error) {
      await client.end().catch(() => undefined)
      throw missing(error)
    }
    await client.end().catch(() => undefined)
    return undefined
  }

  /** Calls `lost` once another process has taken the turn: this one is to end. */
  onLost(lost: (fault: Error) => void): void {
    this.#lost = lost
  }

  /**
   * Whether the turn is still this process's, asked of the database now: a process that was stopped for a while does not know. False also
   * where the database does not say so in time, since another may have the turn by then.
   */
  async holds(): Promise<boolean> {
    const client = this.#client
    if (this.#over || client === undefined) return false
    const asked = client
      .query<{ epoch: number }>('select epoch from control')
      .then(({ rows }) => rows[0]?.epoch === this.epoch)
      .catch(() => false)
    return Promise.race([asked, pause(HOLDS_MS, false, { ref: false })])
  }

  /** Gives the turn up. */
  async release(): Promise<void> {
    this.#over = true
    this.#cancel?.()
    await this.#client?.end().catch(() => undefined)
  }

  #hold(client: Client): void {
    this.#client = client
    client.once('end', () => this.#again())
  }

  /** The database went away, or the connection did: the same turn is taken up again, unless another was given meanwhile. */
  #again(): void {
    if (this.#over) return
    this.#client = undefined
    this.#cancel = this.#options.timer.after(ASK_MS, () => void this.#resume())
  }

  async #resume(): Promise<void> {
    let client: Client | undefined
    try {
      client = await openClient(this.#options.url)
      const { rows } = await client.query<{ epoch: number; holder: string }>(
        'select epoch, holder from control',
      )
      if (rows[0] !== undefined && rows[0].epoch !== this.epoch) {
        this.#over = true
        await client.end()
        this.#lost?.(fencedBy(rows[0].holder))
        return
      }
      if (await tryLock(client)) return this.#hold(client)
      await client.end()
    } catch {
      // It answers again or it does not; who writes meanwhile is told `store.unavailable`.
      await client?.end().catch(() => undefined)
    }
    this.#again()
  }
}

/** What one who waits has seen. */
interface Waiting {
  /** The holder that was told of last. */
  told: string | undefined
  /** Whether the database has answered once: until then what fails is the address, more likely than an outage. */
  reached: boolean
}

/**
 * Counts the turn up, durably: a number that a crash of the database took back would be given twice, and would fence nobody.
 * Throws `store.migrate`.
 */
async function nextEpoch(client: Client, holder: string): Promise<number> {
  await client.query('begin')
  await client.query(`select ${DURABLE}`)
  const { rows } = await client.query<{ epoch: number }>(
    'update control set epoch = epoch + 1, holder = $1 returning epoch',
    [holder],
  )
  await client.query('commit')
  const epoch = rows[0]?.epoch
  if (epoch === undefined) throw fault('store.migrate', 'the database has no schema of ours')
  return epoch
}

async function tryLock(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ mine: boolean }>(
    'select pg_try_advisory_lock($1, $2) as mine',
    [...LOCK],
  )
  return rows[0]?.mine === true
}

/** A database without our schema says so in its own words: undefined table, or no right to the schema. */
function missing(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code !== '42P01' && code !== '3F000' && code !== '42501') return asStoreFault(error)
  return fault('store.migrate', 'the database has no schema that this role may use', error)
}
