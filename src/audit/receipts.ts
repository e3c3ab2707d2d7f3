// Holds the receipts that were not asked for yet: what each batch made durable, signed once somebody wants to show it.

import type { NoteSigner } from '../tlog/note.ts'
import { signReceipts, type ReceiptRecord, type SignedReceipt } from './receipt.ts'

/** Records whose receipts can be had before they are asked of the log: those of about a second at most. */
const RECORDS_MAX = 16_384

interface Batch {
  readonly records: readonly ReceiptRecord[]
  /** ms since the epoch. */
  readonly at: number
  signed?: readonly SignedReceipt[]
}

/** What signs receipts. */
export interface ReceiptSigning {
  readonly signer: NoteSigner
  /** Longest from a receipt's time to its record's place in the log, ms. */
  readonly mmdMs: number
}

/** The newest batches. A batch is what one fdatasync made durable; it costs a signature only where one of it is asked for. */
export class Receipts {
  readonly #signing: ReceiptSigning
  readonly #batches: Batch[] = []
  readonly #places = new Map<string, Batch>()

  constructor(signing: ReceiptSigning) {
    this.#signing = signing
  }

  /** Notes a batch that is durable, in the order of its records. */
  add(records: readonly ReceiptRecord[], at: number): void {
    if (records.length === 0) return
    const batch: Batch = { records, at }
    this.#batches.push(batch)
    for (const { id } of records) this.#places.set(id, batch)
    while (this.#places.size > RECORDS_MAX && this.#batches.length > 1) {
      for (const { id } of this.#batches.shift()?.records ?? []) this.#places.delete(id)
    }
  }

  /** The receipt of a record of the newest batches; undefined for any other. */
  of(id: string): SignedReceipt | undefined {
    const batch = this.#places.get(id)
    if (batch === undefined) return undefined
    batch.signed ??= this.sign(batch.records, batch.at)
    return batch.signed[batch.records.findIndex((record) => record.id === id)]
  }

  /** Signs receipts of records that are durable, at the time given. */
  sign(records: readonly ReceiptRecord[], at: number): SignedReceipt[] {
    return signReceipts(records, { at, ...this.#signing })
  }
}
