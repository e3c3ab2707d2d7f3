// Holds the text that a log signs: its name, its size and its root (C2SP tlog-checkpoint).

import { fromBase64, toBase64 } from './base64.ts'
import { fault } from './faults.ts'
import { EMPTY_ROOT, HASH_BYTES, sameHash } from './hash.ts'
import { isKeyName } from './note.ts'

/** A log at one size. */
export interface Checkpoint {
  /** Name of the log, which is also the name of its key: a URL without scheme, spaces and plus signs. */
  readonly origin: string
  /** Leaves. */
  readonly size: number
  /** Root of the tree of that size. */
  readonly root: Uint8Array
}

/** Body of a checkpoint's note: three lines and no extensions. Throws `tlog.checkpoint` for what cannot be a checkpoint. */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  const { origin, size, root } = checkpoint
  if (!isCheckpoint(checkpoint)) throw fault('tlog.checkpoint', 'not a state of a log')
  return `${origin}\n${size}\n${toBase64(root)}\n`
}

/** Reads the body of a checkpoint's note; only what `formatCheckpoint` writes is accepted. Throws `tlog.checkpoint`. */
export function parseCheckpoint(body: string): Checkpoint {
  const [origin = '', decimal = '', encoded = '', end, ...rest] = body.split('\n')
  const root = fromBase64(encoded)
  const size = parseDecimal(decimal)
  if (end !== '' || rest.length > 0 || root === undefined || size === undefined) {
    throw fault('tlog.checkpoint', 'a checkpoint is an origin, a size and a root on three lines')
  }
  const checkpoint = { origin, size, root }
  if (!isCheckpoint(checkpoint)) throw fault('tlog.checkpoint', 'not a state of a log')
  return checkpoint
}

/** A whole number up to 2^53-1 in ASCII decimal without leading zeros; undefined for anything else. */
export function parseDecimal(text: string): number | undefined {
  if (!/^(?:0|[1-9]\d{0,15})$/.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : undefined
}

function isCheckpoint({ origin, size, root }: Checkpoint): boolean {
  if (!isKeyName(origin) || !Number.isSafeInteger(size) || size < 0) return false
  return root.length === HASH_BYTES && (size > 0 || sameHash(root, EMPTY_ROOT))
}
