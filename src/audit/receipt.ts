// Holds signed receipts: the promise that a durable record will stand in the log in time, which a missing leaf later breaks.

import { fromBase64url, utf8 } from '../std/bytes.ts'
import { rfc3339 } from '../std/clock.ts'
import { canonicalJson, isObject, parseJson, type Json, type JsonObject } from '../std/json.ts'
import { fromBase64, toBase64 } from '../tlog/base64.ts'
import { parseDecimal } from '../tlog/checkpoint.ts'
import { Edge } from '../tlog/edge.ts'
import { HASH_BYTES, leafHash } from '../tlog/hash.ts'
import {
  noteVerifier,
  openNote,
  parseVkey,
  signNote,
  type NoteSigner,
  type OpenedNote,
} from '../tlog/note.ts'
import { inclusionProof, verifyInclusion, type TileReader } from '../tlog/tree.ts'
import { fault } from './faults.ts'

/** First line of what is signed. No checkpoint begins so, and so neither can be taken for the other. */
const HEADER = 'dev.bailiwick/receipts@v1'
/** Siblings that a record can have in a batch. */
const HASHES_MAX = 53

/** One record as its receipt names it. */
export interface ReceiptRecord {
  /** UUID. */
  readonly id: string
  /** Leaf hash in the log, base64url. */
  readonly leaf: string
  /** Time of the record. */
  readonly ts: string
  readonly gateway: string
  readonly boot: string
  readonly iseq: number
}

/** A receipt as it is handed out, as JSON. It proves itself with the log's verifier key alone. */
export interface SignedReceipt {
  readonly v: 1
  readonly record: ReceiptRecord
  /** Place of the record among those of its batch, and the hashes from there to the root (RFC 6962 §2.1.1, base64). */
  readonly index: number
  readonly hashes: readonly string[]
  /** Signed note: header, origin, records of the batch, root (base64), time (RFC 3339), MMD (ms). */
  readonly note: string
}

/** What a receipt has been shown to promise. */
export interface ReceiptPromise {
  readonly record: ReceiptRecord
  /** Name of the log. */
  readonly origin: string
  /** When the record was durable, and by when it is under a published checkpoint (ms since the epoch). */
  readonly at: number
  readonly by: number
}

/** Signs one batch: one signature, and a receipt for each of its records, in order. */
export function signReceipts(
  records: readonly ReceiptRecord[],
  of: { readonly signer: NoteSigner; readonly at: number; readonly mmdMs: number },
): SignedReceipt[] {
  const edge = Edge.load(0, () => new Uint8Array())
  const { tiles } = edge.append(records.map(receiptLeaf))
  const places = new Map(tiles.map(({ ref, bytes }) => [`${ref.level}/${ref.index}`, bytes]))
  const read: TileReader = (level, index) => places.get(`${level}/${index}`) ?? new Uint8Array()
  const lines = [HEADER, of.signer.name, String(records.length), toBase64(edge.root())]
  const body = `${[...lines, rfc3339(of.at), String(of.mmdMs)].join('\n')}\n`
  const note = signNote(body, [of.signer])
  return records.map((record, index) => {
    const hashes = inclusionProof(index, records.length, read).map(toBase64)
    return { v: 1, record, index, hashes, note }
  })
}

/**
 * Verifies a receipt against the lines of a `log.vkey`, of which the log's own counts. Throws `audit.receipt` for one that is not
 * what the log signed, and `tlog.vkey` for a key that is none.
 */
export function verifyReceipt(receipt: SignedReceipt, vkeys: string): ReceiptPromise {
  const lines = vkeys.split('\n').map((line) => line.trim())
  const keys = lines.filter((line) => line !== '').map(parseVkey)
  let opened: OpenedNote
  try {
    opened = openNote(receipt.note, keys.map(noteVerifier))
  } catch (cause) {
    throw fault('audit.receipt', 'the receipt is not signed by a key of this log', cause)
  }
  const [header, origin = '', count = '', root = '', time = '', mmd = '', end, ...more] =
    opened.body.split('\n')
  const size = parseDecimal(count)
  const bytes = fromBase64(root)
  const at = Date.parse(time)
  const mmdMs = parseDecimal(mmd)
  const whole = header === HEADER && end === '' && more.length === 0
  if (!whole || size === undefined || bytes?.length !== HASH_BYTES || mmdMs === undefined) {
    throw fault('audit.receipt', 'what is signed is no batch of receipts')
  }
  const timed = !Number.isNaN(at) && rfc3339(at) === time
  if (!timed || !opened.verified.some(({ name }) => name === origin)) {
    throw fault('audit.receipt', 'what is signed is no batch of this log')
  }
  const hashes = receipt.hashes.map((hash) => fromBase64(hash) ?? new Uint8Array())
  if (!verifyInclusion(receiptLeaf(receipt.record), receipt.index, size, hashes, bytes)) {
    throw fault('audit.receipt', 'the record is not one of the batch that was signed')
  }
  return { record: receipt.record, origin, at, by: at + mmdMs }
}

/** Reads a receipt's file strictly. Throws `audit.receipt`. */
export function parseReceipt(text: string): SignedReceipt {
  let json: Json
  try {
    json = parseJson(utf8(text))
  } catch (cause) {
    throw fault('audit.receipt', 'the receipt is not JSON', cause)
  }
  const receipt = isObject(json) ? receiptOf(json) : undefined
  if (receipt === undefined) throw fault('audit.receipt', 'the receipt is not whole')
  return receipt
}

function receiptOf({
  v,
  record,
  index,
  hashes,
  note,
  ...more
}: JsonObject): SignedReceipt | undefined {
  if (v !== 1 || Object.keys(more).length > 0 || typeof note !== 'string') return undefined
  if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0) return undefined
  if (!Array.isArray(hashes) || hashes.length > HASHES_MAX) return undefined
  const texts = hashes.filter((hash) => typeof hash === 'string')
  const named = isObject(record) ? recordOf(record) : undefined
  if (texts.length !== hashes.length || named === undefined) return undefined
  return { v, record: named, index, hashes: texts, note }
}

function recordOf({
  id,
  leaf,
  ts,
  gateway,
  boot,
  iseq,
  ...more
}: JsonObject): ReceiptRecord | undefined {
  if (Object.keys(more).length > 0 || typeof iseq !== 'number') return undefined
  if (typeof id !== 'string' || typeof leaf !== 'string' || typeof ts !== 'string') return undefined
  if (typeof gateway !== 'string' || typeof boot !== 'string') return undefined
  if (fromBase64url(leaf)?.length !== HASH_BYTES) return undefined
  return { id, leaf, ts, gateway, boot, iseq }
}

/** The leaf of a record in the tree of its batch: nothing that is the log's own. */
function receiptLeaf({ id, leaf, ts, gateway, boot, iseq }: ReceiptRecord): Uint8Array {
  return leafHash(utf8(canonicalJson({ boot, gateway, id, iseq, leaf, ts })))
}
