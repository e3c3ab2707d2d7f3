// Holds one process's attachment to the log in PostgreSQL: its connection, its name, its copy of the log, and perhaps the lead.

import { join } from 'node:path'

import { fault } from '../faults.ts'
import { LogFolder } from '../log-folder.ts'
import { LogIndex } from '../log-index.ts'
import type { LogHead } from '../log-state.ts'
import { LogWriter, type LogWriterOptions } from '../log-writer.ts'
import { droppedOnRecord } from '../retention/on-record.ts'
import type { Position } from '../segment.ts'
import { LogConnection } from './connection.ts'
import { Follower } from './follower.ts'
import { lead, takeLead, unseat, type Led } from './leader.ts'
import { claimName, countNames, pastBoots, refuseOther } from './names.ts'
import { Order } from './order.ts'
import { OwnSpool } from './own-spool.ts'
import { Recogniser } from './recognise.ts'
import { scanSpool, type SpoolScan } from '../spool-scan.ts'
import { RefusedBoots, type Unsealed } from './refused.ts'
import type { Scrub } from './scrub.ts'
import { SpoolSeal } from './seal.ts'
import { checkSigned } from './signed-head.ts'

/** Where things are, and who attaches. */
export interface AttachmentOptions extends LogWriterOptions {
  readonly gateway: string
  /** Of the database, for a direct connection. */
  readonly url: string
  /** Key of the seals on records (`LogKey.spoolKey`). */
  readonly spoolKey: Uint8Array
}

/** What an attachment is told about its own spool. */
export interface OwnSpoolFacts {
  /** How far it is durable; undefined at the start of a process, which has to look. */
  readonly goal: Position | undefined
  /** Resolves false where it has not become longer within a bound. */
  readonly longer: () => Promise<boolean>
}

/** A checkpoint that is published in this home. */
export interface Published {
  readonly shard: string
  readonly size: number
}

/** Valid for the life of one connection. After any throw it is dead: close it and open another. */
export class Attachment {
  /** Boots of this gateway from before this process attached. */
  readonly past: ReadonlySet<string>
  /** What earlier processes left in the spool, where this one had to look. */
  readonly scan: SpoolScan | undefined
  readonly #options: AttachmentOptions
  readonly #connection: LogConnection
  readonly #order: Order
  readonly #writer: LogWriter
  readonly #own: OwnSpool
  readonly #recogniser: Recogniser
  readonly #follower: Follower
  readonly #refused = new RefusedBoots()
  #epoch: number | undefined
  #published = 0
  /** Shards that were there when the closed ones were last looked at. */
  #shards = 0

  private constructor(
    options: AttachmentOptions,
    connection: LogConnection,
    past: ReadonlySet<string>,
    spool: OwnSpoolFacts,
  ) {
    const { gateway, home } = options
    this.past = past
    this.#options = options
    this.#connection = connection
    this.#order = new Order(connection, new SpoolSeal(options.origin, options.spoolKey))
    this.#writer = new LogWriter(options)
    const { position } = this.#writer.head
    this.#own = new OwnSpool(join(home, 'spool'), position, takenOf(home, gateway))
    if (spool.goal === undefined)
      this.scan = scanSpool(join(home, 'spool'), position, this.head.size)
    this.#own.noteDurable(spool.goal ?? endOf(this.scan, position))
    const own = { gateway, own: this.#own, past, longer: spool.longer }
    this.#recogniser = new Recogniser(own)
    const parts = { order: this.#order, writer: this.#writer, recogniser: this.#recogniser }
    this.#follower = new Follower(parts)
  }

  /**
   * Connects and takes the name of the gateway. `past` is that of the first attachment of this process. Throws
   * `audit.unavailable`, `audit.key` where the database holds another log, `audit.fenced` where the name is taken, and what
   * opening the home's own log throws.
   */
  static async open(
    options: AttachmentOptions,
    spool: OwnSpoolFacts,
    past?: ReadonlySet<string>,
  ): Promise<Attachment> {
    const { url, gateway } = options
    const connection = await LogConnection.open(url, `${gateway} log`)
    try {
      await refuseOther(connection, options)
      await claimName(connection, gateway, past !== undefined)
      const known = past ?? (await pastBoots(connection, gateway))
      return new Attachment(options, connection, known, spool)
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  /** This home's copy of the log, as committed. */
  get head(): LogHead {
    return this.#writer.head
  }

  /** True while this process is the one that sequences. */
  get leading(): boolean {
    return this.#epoch !== undefined
  }

  /** Hears what other processes say: `swap`, `note`, `hurry`. */
  async listen(hear: (word: string) => void, gone: () => void): Promise<void> {
    await this.#connection.listen('bailiwick_audit', hear, gone)
  }

  noteDurable(goal: Position): void {
    this.#own.noteDurable(goal)
  }

  /** Takes over more of what the database has, and gives how many records that was when it was asked. */
  follow(): Promise<number> {
    return this.#follower.step()
  }

  /** Tries to become the one that sequences; true where it has just become so. */
  async tryLead(): Promise<boolean> {
    if (this.#epoch !== undefined) return false
    this.#epoch = await takeLead(this.#connection, this.#options.gateway)
    return this.#epoch !== undefined
  }

  /** Whether records wait that whoever leads could have given an index. */
  isDue(): Promise<boolean> {
    return this.#order.isDue(this.#refused)
  }

  /** Boots that get no index, because of what stands in them; each is told once. */
  refused(): Unsealed[] {
    return this.#refused.news()
  }

  /** Takes the lead from whoever has it and does nothing with it. */
  async unseat(): Promise<void> {
    await unseat(this.#connection)
  }

  /** Gives waiting records their indices. Only while it leads. */
  async lead(gateways: number): Promise<Led> {
    const epoch = this.#epoch
    if (epoch === undefined) return { records: 0, more: false }
    const led = await lead(
      {
        connection: this.#connection,
        order: this.#order,
        writer: this.#writer,
        recogniser: this.#recogniser,
        refused: this.#refused,
      },
      epoch,
      gateways,
    )
    if (led.records >= 0) return led
    throw fault('audit.unavailable', 'another process has taken over the sequencing')
  }

  /** Shards whose newest state nobody has signed: what a leader left that died between swapping and signing. */
  async unsigned(): Promise<string[]> {
    const names: string[] = []
    for (const { name, size } of this.head.shards) {
      if ((await this.#order.noteAt(name, size)) === undefined) names.push(name)
    }
    return names
  }

  /** Puts a signed note where every process finds it. */
  async put(shard: string, size: number, note: string): Promise<void> {
    const text = 'SELECT audit.publish($1, $2, $3) AS put'
    await this.#connection.rows('publish', text, [shard, size, note])
  }

  /** Publishes in this home what is signed of the states that it has followed. Throws `audit.corrupt` for a note that is none. */
  async publish(): Promise<Published[]> {
    const { size, shards } = this.head
    const found = await this.#order.note(this.#published, size)
    const published: Published[] = []
    if (shards.length !== this.#shards) {
      const missing = new Set(this.#writer.unpublished())
      for (const { name, size: leaves } of shards) {
        if (!missing.has(name)) continue
        const note = await this.#order.noteAt(name, leaves)
        if (note === undefined) continue
        this.#publish(name, leaves, note)
        missing.delete(name)
      }
      if (missing.size === 0) this.#shards = shards.length
    }
    const shard = shards.find(({ name }) => name === found?.shard)
    if (found === undefined || shard === undefined) return published
    this.#publish(found.shard, found.size, found.note)
    this.#published = shard.base + found.size
    published.push({ shard: found.shard, size: found.size })
    return published
  }

  /** Looks once more at what was followed before. Throws `audit.corrupt` where the database has changed it. */
  async look(scrub: Scrub): Promise<void> {
    const { home } = this.#options
    await scrub.step(this.#order, new LogFolder(join(home, 'log')), this.head, (folder) =>
      droppedOnRecord(home, folder),
    )
  }

  /** How many gateways are attached at this moment. */
  gateways(): Promise<number> {
    return countNames(this.#connection)
  }

  /** Asks whoever leads not to wait. */
  async hurry(): Promise<void> {
    await this.#connection.rows('hurry', `SELECT pg_notify('bailiwick_audit', 'hurry')`)
  }

  async close(): Promise<void> {
    this.#own.close()
    this.#writer.close()
    await this.#connection.close()
  }

  #publish(name: string, size: number, note: string): void {
    const root = this.#writer.rootAt(name, size)
    checkSigned(note, { name, size, root }, this.#writer.verifier(name))
    this.#writer.publish(name, size, note)
  }
}

/** The end of what a spool durably holds. */
export function endOf(scan: SpoolScan | undefined, otherwise: Position): Position {
  if (scan?.end === undefined) return otherwise
  return { segment: scan.end.segment, offset: scan.end.end }
}

function takenOf(home: string, gateway: string): Map<string, number> {
  const index = new LogIndex(join(home, 'log-state.sqlite'))
  try {
    const own = index.boots().filter((boot) => boot.gateway === gateway)
    return new Map(own.map(({ boot, iseq }) => [boot, iseq]))
  } finally {
    index.close()
  }
}
