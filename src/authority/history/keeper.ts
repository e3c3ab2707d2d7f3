// Holds the writing and reading of snapshots: counters as of one record of the log, so that a start need not read it from the beginning.

import type { Clock } from '../../std/clock.ts'
import { isObject, type Json } from '../../std/json.ts'
import type { TallyPosition, TallyRow } from '../../store/rows/tally.ts'
import { SetHash } from '../../store/set-hash.ts'
import type { Held } from '../../store/signed-table.ts'
import type { Store } from '../../store/open.ts'
import type { AuditSink, Receipt } from '../../wire/record.ts'
import type { Limits } from '../limits/limits.ts'
import type { Tasks } from '../tasks/tasks.ts'
import type { Turns } from '../turns.ts'
import type { Tallies } from './tallies.ts'

/** Between two snapshots at most (ms), and calls counted between two at most, as far as anything changed at all. */
const KEEP_MS = 30_000
const KEEP_ENTRIES = 5_000
/** Rows of one record and one transaction: no call waits for more than these. */
const BATCH = 16
/** Between two looks for counters in which nothing is left (ms). */
const TIDY_MS = 60_000
/** Expired rows that one snapshot takes away. */
const PRUNE_MOST = 5_000
/** The end of the year 9999. */
const NEVER = 253_402_300_799_999

/** A row of a snapshot, with the leaf of the record up to which it counts. */
export interface KeptRow {
  readonly id: string
  readonly state: Json
  readonly leaf: string
}

/** A snapshot that adds up. */
export interface Kept {
  /** Leaf of the record from which on the log has to be read. */
  readonly from: string
  readonly rows: readonly KeptRow[]
}

interface Parts {
  readonly audit: AuditSink
  readonly clock: Clock
  readonly store: Store
  readonly limits: Limits
  readonly tasks: Pick<Tasks, 'list'>
}

type Tally = TallyRow | TallyPosition
interface Captured {
  readonly id: string
  readonly state: Json
  readonly expiresAt: number
}

/**
 * Keeps snapshots in batches, off the way of calls. What is captured and the record that marks it are of one turn, so the record's
 * place in the log says exactly which calls are counted. If we crash on the way, the rows are as of different records, and each
 * says of which; the position stays where it was, so nothing is missed and nothing counted twice.
 */
export class Keeper {
  readonly #parts: Parts
  readonly #tallies: Tallies
  readonly #turns: Turns
  readonly #tidied: (now: number) => void
  /** Every row that is there, without its state. */
  readonly #stored = new Map<string, Held<Tally>>()
  #sum = new SetHash()
  #from: string | undefined
  #keptAt: number
  #tidiedAt: number
  #keeping = false

  /** `tidied` is told when it is time to drop what nothing is left of. */
  constructor(parts: Parts, tallies: Tallies, turns: Turns, tidied: (now: number) => void) {
    this.#parts = parts
    this.#tallies = tallies
    this.#turns = turns
    this.#tidied = tidied
    this.#keptAt = parts.clock.monotonic()
    this.#tidiedAt = this.#keptAt
  }

  /** Reads the snapshot; `none` where there is none, `refused` where it does not add up: then it is taken away. */
  async load(): Promise<Kept | 'none' | 'refused'> {
    const { store } = this.#parts
    const sum = new SetHash()
    let position: TallyPosition | undefined
    const rows: KeptRow[] = []
    const all = await store.tallies.all()
    for (const held of all) {
      this.#stored.set(held.doc.id, slim(held))
      if (held.doc.kind === 'position') position = held.doc
      else {
        sum.add(element(held))
        rows.push({ id: held.doc.id, state: held.doc.state, leaf: held.leaf })
      }
    }
    if (position?.rows === sum.text()) {
      this.#sum = sum
      this.#from = position.from
      return { from: position.from, rows }
    }
    this.#stored.clear()
    // Also rows that do not verify, whose names would be taken: nothing of this table is more than a copy.
    let gone = 0
    for (let count = -1; count !== 0; gone += count) {
      count = await store.tallies.prune('expires_at', Number.MAX_SAFE_INTEGER)
    }
    return gone === 0 ? 'none' : 'refused'
  }

  /** Writes a snapshot when it is time for one. */
  async sweep(): Promise<void> {
    const now = this.#parts.clock.monotonic()
    if (now - this.#tidiedAt >= TIDY_MS) {
      this.#tidiedAt = now
      this.#tidy()
    }
    if (now - this.#keptAt < KEEP_MS && this.#tallies.entries < KEEP_ENTRIES) return
    await this.keep()
  }

  /** Writes what changed since the last snapshot. Where it fails, the next one writes it. */
  async keep(): Promise<void> {
    if (this.#keeping) return
    this.#keeping = true
    this.#keptAt = this.#parts.clock.monotonic()
    try {
      await this.#round()
    } finally {
      this.#keeping = false
    }
  }

  async #round(): Promise<void> {
    const tasks = new Map(this.#parts.tasks.list().map(({ id, endsAt }) => [id, endsAt]))
    const left = new Map<string, number>()
    let first: string | undefined
    try {
      do {
        await this.#turns.run(async () => {
          // Taken in the turn of the first record: whatever changes after it is in the log after it.
          if (first === undefined)
            for (const [id, until] of this.#tallies.takeTouched()) left.set(id, until)
          const batch = [...left].slice(0, BATCH)
          if (batch.length === 0) return
          const captured = batch.flatMap(([id, until]) => this.#capture(id, until, tasks) ?? [])
          const receipt = await this.#parts.audit.append({
            type: 'history.kept',
            phase: 'lifecycle',
            body: { tallies: captured.length },
          })
          first ??= receipt.leaf
          await this.#write(captured, receipt, batch.length === left.size ? first : this.#from)
          for (const [id] of batch) left.delete(id)
        })
      } while (left.size > 0)
    } catch (error) {
      for (const [id, until] of left) this.#tallies.again(id, until)
      throw error
    }
  }

  async #write(
    captured: readonly Captured[],
    receipt: Receipt,
    from: string | undefined,
  ): Promise<void> {
    const { clock, store } = this.#parts
    const sum = SetHash.read(this.#sum.text()) ?? new SetHash()
    const written = new Map<string, Held<Tally> | undefined>()
    await store.atomically(async ({ tallies }) => {
      const put = async (doc: Tally): Promise<void> => {
        const held = this.#stored.get(doc.id)
        const next =
          held === undefined
            ? await tallies.insert(doc, receipt)
            : await tallies.replace(held, doc, receipt)
        if (doc.kind === 'tally') {
          if (held !== undefined) sum.remove(element(held))
          sum.add(element(next))
        }
        written.set(doc.id, slim(next))
      }
      for (const one of captured) await put({ kind: 'tally', ...one })
      const { below, gone } = this.#expired(clock.now(), written)
      for (const held of gone) {
        sum.remove(element(held))
        written.set(held.doc.id, undefined)
      }
      if (gone.length > 0) await tallies.prune('expires_at', below)
      if (from === undefined) return
      await put({ kind: 'position', id: 'position', from, rows: sum.text(), expiresAt: NEVER })
    })
    for (const [id, held] of written) {
      if (held === undefined) this.#stored.delete(id)
      else this.#stored.set(id, held)
    }
    this.#sum = sum
    this.#from = from
  }

  /** Rows that say nothing any more, all of those below a time and no others. */
  #expired(
    now: number,
    written: ReadonlyMap<string, unknown>,
  ): { readonly below: number; readonly gone: readonly Held<Tally>[] } {
    const due = [...this.#stored.values()]
      .filter(({ doc }) => doc.expiresAt < now && !written.has(doc.id))
      .sort((a, b) => a.doc.expiresAt - b.doc.expiresAt)
    const below = due[PRUNE_MOST]?.doc.expiresAt ?? now
    return { below, gone: due.filter(({ doc }) => doc.expiresAt < below) }
  }

  #capture(id: string, until: number, tasks: ReadonlyMap<string, number>): Captured | undefined {
    const [kind = '', name = '', ...rest] = id.split(' ')
    switch (kind) {
      case 'lineage': {
        const lineage = this.#tallies.lineages.get(`${name} ${rest.join(' ')}`)
        if (lineage === undefined) return undefined
        const state = lineage.state() as unknown as Json
        return { id, state, expiresAt: lineage.endsAt(this.#parts.clock.now()) }
      }
      case 'task': {
        const use = this.#tallies.tasks.get(name)
        const expiresAt = tasks.get(name)
        if (use === undefined || expiresAt === undefined) return undefined
        return { id, state: { ...use.used }, expiresAt }
      }
      default: {
        const state = this.#parts.limits.meter(name)?.state(rest.join(' '))
        return isObject(state) ? { id, state, expiresAt: until } : undefined
      }
    }
  }

  #tidy(): void {
    const now = this.#parts.clock.now()
    const { lineages } = this.#tallies
    for (const [key, lineage] of lineages) {
      // What changed is written first: a label that was cleared must not come back with the row from before.
      if (!lineage.touched && lineage.idle(now)) lineages.delete(key)
    }
    this.#parts.limits.tidy(now)
    this.#tidied(now)
  }
}

/** What the sum counts of a row: its signature covers the rest. */
function element({ doc, leaf, sig }: Held<Tally>): string {
  return `${doc.id}\n${leaf}\n${sig}`
}

/** A row without its state: to be replaced it needs only its id and its signature, since no roll counts it. */
function slim(held: Held<Tally>): Held<Tally> {
  const { doc } = held
  return doc.kind === 'position' ? held : { ...held, doc: { ...doc, state: null } }
}
