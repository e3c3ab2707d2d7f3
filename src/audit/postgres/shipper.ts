// Holds the shipping of durable records from this home's spool to PostgreSQL: in order, as often as it takes, each kept once.

import type { DurableBatch } from '../durable-batch.ts'
import { comparePositions, type Position } from '../segment.ts'
import { SpoolCursor } from '../spool-cursor.ts'
import { LogConnection } from './connection.ts'
import { ownRecord } from './own-spool.ts'
import { putRecords, type RecordGroup } from './record-group.ts'
import type { SpoolSeal } from './seal.ts'

/** Records and bytes of one group: what one commit makes durable there. */
const GROUP_RECORDS = 1024
const GROUP_BYTES = 1 << 20

/** A group with where it ends in the spool. */
interface Group extends RecordGroup {
  readonly end: Position
}

/** What is shipped, and to where. */
export interface ShipperOptions {
  readonly url: string
  /** Of the gateway. */
  readonly name: string
  readonly seal: SpoolSeal
  /** Folder of the spool. */
  readonly spool: string
  /** Everything before it is in the log. */
  readonly from: Position
}

/** Ships one home's spool. A failed group is kept and sent again: nothing is skipped, and nothing is sent out of order. */
export class Shipper {
  readonly #url: string
  readonly #name: string
  readonly #seal: SpoolSeal
  readonly #cursor: SpoolCursor
  #connection: LogConnection | undefined
  readonly #attached = new Set<string>()
  #group: Group | undefined
  #shipped: Position

  constructor({ url, name, seal, spool, from }: ShipperOptions) {
    this.#seal = seal
    this.#url = url
    this.#name = name
    this.#cursor = new SpoolCursor(spool, from)
    this.#shipped = from
  }

  /** Everything before it is committed in the database. */
  get shipped(): Position {
    return this.#shipped
  }

  /** Says what this process has written to the spool, in order. */
  expect(batches: readonly DurableBatch[]): void {
    this.#cursor.expect(batches)
  }

  /**
   * Ships the next group before `goal`, the end of a durable batch; false where all is shipped. Throws `audit.unavailable` (call it
   * again), and `audit.corrupt` where the database holds another record in the place of one of these.
   */
  async step(goal: Position): Promise<boolean> {
    if (comparePositions(this.#shipped, goal) >= 0) return false
    this.#group ??= this.#gather(goal)
    if (this.#group === undefined) {
      this.#shipped = this.#cursor.position
      return false
    }
    try {
      await this.#send(this.#group)
    } catch (error) {
      const connection = this.#connection
      this.#connection = undefined
      await connection?.close()
      throw error
    }
    this.#shipped = this.#group.end
    this.#group = undefined
    return true
  }

  async close(): Promise<void> {
    this.#cursor.close()
    await this.#connection?.close()
  }

  #gather(goal: Position): Group | undefined {
    const group = { gateways: [], boots: [], iseqs: [], entries: [] } as Omit<Group, 'end'>
    let bytes = 0
    while (group.entries.length < GROUP_RECORDS && bytes < GROUP_BYTES) {
      const batch = this.#cursor.next(goal)
      if (batch === undefined) break
      for (const entry of batch) {
        const { gateway, boot, iseq } = ownRecord(entry)
        group.gateways.push(gateway)
        group.boots.push(boot)
        group.iseqs.push(iseq)
        group.entries.push(entry)
        bytes += entry.length
      }
    }
    return group.entries.length === 0 ? undefined : { ...group, end: this.#cursor.position }
  }

  async #send(group: Group): Promise<void> {
    if (this.#connection === undefined || !this.#connection.alive) {
      this.#connection = await LogConnection.open(this.#url, `${this.#name} spool`)
    }
    await putRecords(this.#connection, this.#attached, this.#seal, group)
  }
}
