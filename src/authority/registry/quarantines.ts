// Holds the quarantines: what systems showed that nobody approved, from the moment it is seen until a person has looked.

import { faults } from '../../std/fault.ts'
import { uuidv7 } from '../../std/id.ts'
import type { JsonObject } from '../../std/json.ts'
import type { Quarantine } from '../../store/rows/quarantine.ts'
import type { Held } from '../../store/signed-table.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import { Turns } from '../turns.ts'

const fault = faults(AUTHORITY_FAULTS)

/** Different things that one system is kept to have shown; from then on nothing of it goes on, and nothing more is recorded. */
const MAX_SHOWN = 20
/** Fingerprints that people rejected, for each system. */
const MAX_REJECTED = 64

/** What a system shows, and what stops at it. */
export interface Showing {
  readonly system: string
  readonly pinned: string
  readonly fingerprint: string
  readonly seen: NonNullable<Quarantine['seen']>
  readonly whole: boolean
  readonly actions: readonly string[]
  readonly prompts: readonly string[]
  /** For the record: what differs, by names and kinds, and none of the system's own texts. */
  readonly differences: readonly JsonObject[]
}

/** Who decided, and why. */
export interface QuarantineWord {
  /** Person id; absent where the system was pinned anew. */
  readonly person?: string
  readonly reason: string
}

interface Entry {
  doc: Quarantine
  /** Absent until it is written. */
  held: Held<Quarantine> | undefined
  /** True where writing it failed: the next showing writes it. */
  failed: boolean
}

function known(doc: Quarantine, fingerprint: string): boolean {
  return doc.fingerprint === fingerprint || doc.shown >= MAX_SHOWN
}

/** The record of each way in which one ends. */
const ENDED = {
  approved: 'system.quarantine_approved',
  rejected: 'system.quarantine_rejected',
  superseded: 'system.quarantine_superseded',
} as const

/** The quarantines. Reading is synchronous, from memory. */
export class Quarantines {
  readonly #ports: AuthorityPorts
  readonly #turns = new Turns()
  /** Open ones by system: one for each. */
  readonly #open = new Map<string, Entry>()
  /** What was rejected: `<pinned> <fingerprint>` by system. */
  readonly #rejected = new Map<string, Set<string>>()

  private constructor(ports: AuthorityPorts) {
    this.#ports = ports
  }

  static async load(ports: AuthorityPorts): Promise<Quarantines> {
    const quarantines = new Quarantines(ports)
    for (const held of await ports.store.quarantines.all({ state: ['open', 'rejected'] })) {
      if (held.doc.state === 'open')
        quarantines.#open.set(held.doc.system, { doc: held.doc, held, failed: false })
      else quarantines.#reject(held.doc)
    }
    return quarantines
  }

  /** What of a system waits for a person. */
  of(system: string): Quarantine | undefined {
    return this.#open.get(system)?.doc
  }

  /** All that wait, by system. */
  list(): readonly Quarantine[] {
    return [...this.#open.values()]
      .map(({ doc }) => doc)
      .sort((a, b) => (a.system < b.system ? -1 : 1))
  }

  /** True where a person said no to exactly this, over exactly that pin. */
  rejected(system: string, pinned: string, fingerprint: string): boolean {
    return this.#rejected.get(system)?.has(`${pinned} ${fingerprint}`) === true
  }

  /**
   * Quarantines what a system shows: in force when this returns. What resolves is whether nothing waited before, once record and row are written; if
   * we crash before, the next conversation with the system shows it again.
   */
  open(showing: Showing): Promise<boolean> {
    const { system, pinned, fingerprint, seen, whole, actions, prompts } = showing
    const entry = this.#open.get(system)
    const before = entry?.doc
    // What it showed before still stops, until a person has looked: it may show it again.
    const stops = {
      actions: [...new Set([...(before?.actions ?? []), ...actions])],
      prompts: [...new Set([...(before?.prompts ?? []), ...prompts])],
    }
    if (entry !== undefined && !entry.failed && known(entry.doc, fingerprint)) {
      const over = entry.doc.fingerprint !== fingerprint
      entry.doc = { ...entry.doc, ...stops, whole: entry.doc.whole || whole || over }
      return Promise.resolve(false)
    }
    const { clock, entropy } = this.#ports
    const doc: Quarantine = {
      id: before?.id ?? uuidv7(clock, entropy),
      system,
      state: 'open',
      pinned,
      fingerprint,
      seen,
      whole: whole || before?.whole === true,
      ...stops,
      shown: (before?.shown ?? 0) + 1,
      at: before?.at ?? clock.now(),
    }
    const now: Entry = entry ?? { doc, held: undefined, failed: false }
    now.doc = doc
    now.failed = false
    this.#open.set(system, now)
    return this.#turns.run(async () => {
      try {
        await this.#write(now, showing.differences)
        return before === undefined
      } catch (error) {
        now.failed = true
        throw error
      }
    })
  }

  async #write(entry: Entry, differences: readonly JsonObject[]): Promise<void> {
    const { audit, store } = this.#ports
    const { doc } = entry
    const receipt = await audit.append({
      type: 'system.quarantined',
      phase: 'lifecycle',
      system: doc.system,
      body: {
        quarantine: doc.id,
        pinned: doc.pinned,
        fingerprint: doc.fingerprint,
        whole: doc.whole,
        actions: doc.actions.slice(0, 200),
        differences: differences.slice(0, 200),
      },
    })
    entry.held = await (entry.held === undefined
      ? store.quarantines.insert(doc, receipt)
      : store.quarantines.replace(entry.held, doc, receipt))
  }

  /** What waits, if it still is what the person was shown. Throws `quarantine.none`, `quarantine.changed`. */
  shown(system: string, fingerprint: string): Quarantine {
    const doc = this.of(system)
    if (doc === undefined) throw fault('quarantine.none', `nothing of ${system} waits`)
    if (doc.fingerprint !== fingerprint) {
      throw fault('quarantine.changed', `${system} has shown something else since`)
    }
    return doc
  }

  /** A person says no: what was pinned stays, and whoever shows the other thing again is not asked about again. */
  reject(system: string, fingerprint: string, word: Required<QuarantineWord>): Promise<Quarantine> {
    const reason = checkedReason(word.reason)
    return this.#turns.run(() => {
      this.shown(system, fingerprint)
      return this.#end(system, 'rejected', { ...word, reason })
    })
  }

  /** The system is pinned anew: from what waited, or from another look. Nothing happens where nothing waits. */
  settle(
    system: string,
    state: 'approved' | 'superseded',
    word: QuarantineWord,
  ): Promise<Quarantine | undefined> {
    return this.#turns.run(async () =>
      this.#open.has(system) ? this.#end(system, state, word) : undefined,
    )
  }

  async #end(
    system: string,
    state: Exclude<Quarantine['state'], 'open'>,
    { person, reason }: QuarantineWord,
  ): Promise<Quarantine> {
    const { audit, clock, entropy, store } = this.#ports
    const entry = this.#open.get(system)!
    const before = entry.doc
    const { id, fingerprint, pinned } = before
    const receipt = await audit.append({
      type: ENDED[state],
      phase: person === undefined ? 'lifecycle' : 'admin',
      ...(person !== undefined && { person }),
      system,
      body: { quarantine: id, pinned, fingerprint, reason },
    })
    const ended = { ...(person !== undefined && { by: person }), reason, at: clock.now() }
    const doc: Quarantine = { ...before, state, ended }
    await (entry.held === undefined
      ? store.quarantines.insert(doc, receipt)
      : store.quarantines.replace(entry.held, doc, receipt))
    if (entry.doc.fingerprint === fingerprint) this.#open.delete(system)
    else {
      // It showed something else while this was written: that is still to be looked at, as one of its own.
      entry.held = undefined
      entry.doc = { ...entry.doc, id: uuidv7(clock, entropy) }
    }
    if (state === 'rejected') this.#reject(doc)
    return doc
  }

  #reject({ system, pinned, fingerprint }: Quarantine): void {
    const known = this.#rejected.get(system) ?? new Set()
    if (known.size < MAX_REJECTED) known.add(`${pinned} ${fingerprint}`)
    this.#rejected.set(system, known)
  }
}
