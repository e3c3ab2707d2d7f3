// Holds the newest batches that became durable, so that who asks has a signed receipt for a record before the log has it.

import type { NoteSigner } from '../tlog/note.ts'
import { signReceipts, type ReceiptRecord, type SignedReceipt } from './receipt.ts'

/** Records that are remembered: those of the last second or so. What is older is in the log, and has a proof. */
const RECORDS_MAX = 4_096

interface Batch {
  readonly records: readonly ReceiptRecord[]
  /** ms since the epoch. */
  readonly at: number
  signed?: readonly SignedReceipt[]
}

/** What signs receipts. */
export interface ReceiptSigning {
  readonly signer: NoteSigner
  /** Longest from a receipt's time to its record's place in the log (ms). */
  readonly mmdMs: number
}

/** The newest batches. A batch is what one fdatasync made durable; it costs one signature, and that only where somebody asks. */
export class Receipts {
  readonly #signing: ReceiptSigning
  readonly #batches: Batch[] = []
  /** Batches by the leaf hashes of their records. */
  readonly #byLeaf = new Map<string, Batch>()

  constructor(signing: ReceiptSigning) {
    this.#signing = signing
  }

  /** Notes a batch that is durable, in the order of its records. `at` is ms since the epoch. */
  add(records: readonly ReceiptRecord[], at: number): void {
    if (records.length === 0) return
    const batch: Batch = { records, at }
    this.#batches.push(batch)
    for (const { leaf } of records) this.#byLeaf.set(leaf, batch)
    while (this.#byLeaf.size > RECORDS_MAX && this.#batches.length > 1) {
      for (const { leaf } of this.#batches.shift()?.records ?? []) this.#byLeaf.delete(leaf)
    }
  }

  /** The receipt of the record with this leaf hash (base64url) or id (UUID), where it is one of the newest. */
  of(leafOrId: string): SignedReceipt | undefined {
    const batch = this.#byLeaf.get(leafOrId) ?? this.#byId(leafOrId)
    if (batch === undefined) return undefined
    batch.signed ??= signReceipts(batch.records, { at: batch.at, ...this.#signing })
    return batch.signed.find(({ record }) => record.leaf === leafOrId || record.id === leafOrId)
  }

  #byId(id: string): Batch | undefined {
    return this.#batches.find(({ records }) => records.some((record) => record.id === id))
  }
}
