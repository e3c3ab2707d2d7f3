// Holds the signing of rows that confer or remove authority, and the check without which a row is no authority (INV-13).

import { base64url, fromBase64url, utf8 } from '../std/bytes.ts'
import { faults, type Fault } from '../std/fault.ts'
import {
  canonicalJson,
  isObject,
  parseJson,
  type JsonLimits,
  type JsonObject,
} from '../std/json.ts'
import { STORE_FAULTS } from './faults.ts'

const fault = faults(STORE_FAULTS)

/** What signing rows asks of a key; the key ring's `authority` key fits. */
export interface RowSigner {
  sign(data: Uint8Array): Uint8Array
  verify(data: Uint8Array, signature: Uint8Array): boolean
}

/** The three columns that every signed table has besides its id and what is derived from `doc`. */
export interface SignedColumns {
  /** Canonical JSON (RFC 8785). */
  readonly doc: string
  /** Signature by the authority key over table, leaf and doc, base64url. */
  readonly sig: string
  /** Leaf hash of the log record that came first, base64url. */
  readonly leaf: string
}

/** Ours alone writes these documents, so the limits only stop a database that was filled by somebody else. */
const DOC_LIMITS: JsonLimits = { bytes: 67_108_864, depth: 128, values: 4_000_000, keys: 'exact' }

/** Table and leaf hold no line feed, and doc comes last: no two rows give the same message. */
function message(table: string, leaf: string, doc: string): Uint8Array {
  return utf8(`bailiwick/row/v1\n${table}\n${leaf}\n${doc}`)
}

/** Signs documents of named tables, and opens them again. */
export class SignedRows {
  readonly #signer: RowSigner

  constructor(signer: RowSigner) {
    this.#signer = signer
  }

  /** Signs a document for a table. `leaf` names its log record, which has to be durable already. */
  seal(table: string, doc: JsonObject, leaf: string): SignedColumns {
    if (!/^[A-Za-z0-9_-]{43}$/.test(leaf))
      throw new TypeError('a row needs the leaf hash of its record')
    const text = canonicalJson(doc)
    return { doc: text, leaf, sig: base64url(this.#signer.sign(message(table, leaf, text))) }
  }

  /** True when the row carries a signature of this authority over what it holds. */
  verifies(table: string, row: SignedColumns): boolean {
    const signature = fromBase64url(row.sig)
    return (
      signature !== undefined && this.#signer.verify(message(table, row.leaf, row.doc), signature)
    )
  }

  /** The document of a row whose signature holds; throws `store.unsigned_row` otherwise. */
  open(table: string, id: string, row: SignedColumns): JsonObject {
    if (!this.verifies(table, row)) {
      throw refusal(table, id, 'does not carry a signature of this authority')
    }
    return this.read(table, id, row)
  }

  /** The document of a row that something signed vouches for already; throws `store.unsigned_row` where it is none. */
  read(table: string, id: string, row: SignedColumns): JsonObject {
    let doc
    try {
      doc = parseJson(utf8(row.doc), DOC_LIMITS)
    } catch (cause) {
      throw refusal(table, id, 'holds no document that can be read', cause)
    }
    if (!isObject(doc)) throw refusal(table, id, 'holds no object')
    return doc
  }
}

function refusal(table: string, id: string, why: string, cause?: unknown): Fault {
  return fault('store.unsigned_row', `row \`${id.slice(0, 128)}\` of ${table} ${why}`, cause)
}
