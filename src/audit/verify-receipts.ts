// Holds what becomes of receipts when a log is verified: whether each promise was kept.

import { fromBase64url } from '../std/bytes.ts'
import { rfc3339 } from '../std/clock.ts'
import { HASH_BYTES } from '../tlog/hash.ts'
import { verifyReceipt, type ReceiptPromise, type SignedReceipt } from './receipt.ts'
import type { Findings, ReceiptVerdict } from './verify-report.ts'

interface Wanted {
  readonly promise: ReceiptPromise
  found: boolean
}

/** Looks for the records of receipts among the leaves of a log. */
export class ReceiptCheck {
  readonly #wanted = new Map<string, Wanted>()

  /** Throws `audit.receipt` for a receipt that is not what a key of this log signed. `vkeys` are lines of a `log.vkey`. */
  constructor(receipts: readonly SignedReceipt[], vkeys: string) {
    for (const receipt of receipts) {
      const promise = verifyReceipt(receipt, vkeys)
      const leaf = fromBase64url(promise.record.leaf)
      if (leaf !== undefined) this.#wanted.set(nameOf(leaf), { promise, found: false })
    }
  }

  /** Takes the next leaf hashes of the log, 32 bytes each. */
  leaves(hashes: Uint8Array): void {
    if (this.#wanted.size === 0) return
    for (let at = 0; at < hashes.length; at += HASH_BYTES) {
      const wanted = this.#wanted.get(nameOf(hashes.subarray(at, at + HASH_BYTES)))
      if (wanted !== undefined) wanted.found = true
    }
  }

  /** Says what became of each promise; `until` is how far the log that was read is known to go (ms since the epoch). */
  finish(until: number, findings: Findings): ReceiptVerdict[] {
    return [...this.#wanted.values()].map(({ promise, found }) => {
      const { record, by } = promise
      const { id, leaf } = record
      if (found) return { id, leaf, state: 'kept' }
      if (until <= by) return { id, leaf, state: 'pending', by: rfc3339(by) }
      const detail = `the log signed that it would hold it by ${rfc3339(by)}, and does not`
      findings.add('audit.verify_receipt', `record ${id}`, detail)
      return { id, leaf, state: 'broken', by: rfc3339(by) }
    })
  }
}

function nameOf(hash: Uint8Array): string {
  return Buffer.from(hash.buffer, hash.byteOffset, hash.byteLength).toString('latin1')
}
