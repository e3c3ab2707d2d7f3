// Holds what is written of roots: every change a record first, then rows, all of one change in one transaction.

import { rfc3339 } from '../../std/clock.ts'
import type { Clock } from '../../std/clock.ts'
import type { JsonObject } from '../../std/json.ts'
import type { AuditSink, Receipt } from '../../wire/record.ts'
import type { Store } from '../../store/open.ts'
import type { RootRow } from '../../store/rows/root.ts'
import type { Held } from '../../store/signed-table.ts'
import type { RootCertificate } from './root.ts'

/** Who has a root changed, and why; without a person the authority does it by itself. */
export interface RootCause {
  /** Person id. */
  readonly person?: string
  readonly reason: string
}

/** What the ledger works with. */
export interface LedgerPorts {
  readonly store: Pick<Store, 'roots' | 'atomically'>
  readonly audit: AuditSink
  readonly clock: Clock
}

/** A root that is not written yet. */
export interface NewRoot {
  readonly root: RootCertificate
  readonly keyId: string
  readonly state: RootRow['state']
}

/** A change: what the record says, and what the rows become. */
export interface RootChange {
  /** Type of the record. */
  readonly type: string
  readonly cause: RootCause
  readonly body: JsonObject
  readonly added?: NewRoot
  /** New states by fingerprint. */
  readonly moved?: Readonly<Record<string, RootRow['state']>>
  /** True where the keys of the bundle change, whose sequence grows then. */
  readonly bundle: boolean
  /** Id of the token key from now on. */
  readonly tokenKey: string
}

/** The rows of all roots there ever were, and the sequence of the bundle. */
export class RootLedger {
  readonly #ports: LedgerPorts
  #rows: readonly Held<RootRow>[] = []

  constructor(ports: LedgerPorts) {
    this.#ports = ports
  }

  /** Reads the rows. */
  async load(): Promise<void> {
    const rows = await this.#ports.store.roots.all({})
    this.#rows = rows.toSorted((a, b) => a.doc.place - b.doc.place)
  }

  /** Every root there ever was, in the order of their places. */
  get rows(): readonly RootRow[] {
    return this.#rows.map(({ doc }) => doc)
  }

  /** Sequence of the bundle (Trust Domain and Bundle §4.1.1): grows with its keys, over restarts too. */
  get sequence(): number {
    return Math.max(1, ...this.rows.map((row) => row.sequence ?? 1))
  }

  /** Id of the token key that the bundle was last written with; undefined before the first. */
  get tokenKey(): string | undefined {
    return this.rows.findLast((row) => row.sequence === this.sequence)?.tokenKey
  }

  /**
   * Records a change and writes its rows. A crash between the two leaves a record of a change that never took hold, and
   * nobody was told of it; a failure leaves the rows as they were.
   */
  async write(change: RootChange): Promise<void> {
    const sequence = this.sequence + (change.bundle && this.#rows.length > 0 ? 1 : 0)
    const { person, reason } = change.cause
    const receipt = await this.#ports.audit.append({
      type: change.type,
      phase: person === undefined ? 'lifecycle' : 'admin',
      ...(person === undefined ? {} : { person }),
      body: {
        ...change.body,
        ...(change.added === undefined ? {} : described(change.added)),
        sequence,
        reason,
      },
    })
    const at = this.#ports.clock.now()
    const { added, moved = {}, tokenKey } = change
    await this.#ports.store.atomically(async ({ roots }) => {
      for (const held of this.#rows) {
        const state = moved[held.doc.fingerprint]
        if (state === undefined) continue
        await roots.replace(held, { ...held.doc, state, since: at, sequence, tokenKey }, receipt)
      }
      if (added !== undefined)
        await roots.insert(this.#row(added, { at, sequence, tokenKey }), receipt)
      if (added === undefined && change.moved === undefined) {
        await this.#touch(roots, { sequence, tokenKey }, receipt)
      }
    })
    await this.load()
  }

  #row(
    { root, keyId, state }: NewRoot,
    of: { readonly at: number; readonly sequence: number; readonly tokenKey: string },
  ): RootRow {
    return {
      fingerprint: root.fingerprint,
      keyId,
      certificate: root.pem,
      state,
      place: Math.max(0, ...this.rows.map((row) => row.place)) + 1,
      createdAt: of.at,
      since: of.at,
      sequence: of.sequence,
      tokenKey: of.tokenKey,
    }
  }

  /** Writes the bundle's numbers into the newest row, where no root changes. */
  async #touch(
    roots: Pick<Store, 'roots'>['roots'],
    numbers: { readonly sequence: number; readonly tokenKey: string },
    receipt: Receipt,
  ): Promise<void> {
    const newest = this.#rows.at(-1)
    if (newest !== undefined) await roots.replace(newest, { ...newest.doc, ...numbers }, receipt)
  }
}

function described({ root, keyId }: NewRoot): JsonObject {
  return { fingerprint: root.fingerprint, keyId, notAfter: rfc3339(root.notAfter) }
}
