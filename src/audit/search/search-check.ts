// Holds the check of the search index against the log: every record is found by everything that it can be searched by.

import { existsSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'

import { skimRecord } from '../envelope.ts'
import type { Findings } from '../verify-report.ts'
import { decodePlaces, RUN } from './run-bits.ts'
import { soughtTerm } from './run-lists.ts'
import { SCHEMA_VERSION } from './search-index.ts'
import { termsOf, type SearchKey } from './terms.ts'
import { TimeSpans } from './time-spans.ts'

/** What a record of one run can be searched by, to be held against the index. */
interface Expected {
  readonly place: number
  readonly ts: number
  readonly terms: readonly string[]
}

/**
 * Follows a verification of a home's log with a look at `search.sqlite`. What that shows is read back from the log, so it cannot make a
 * record up; what was taken out of it hides one, and this finds it. It trusts nothing that is in there.
 */
export class SearchCheck {
  readonly #database: DatabaseSync
  readonly #list: StatementSync
  readonly #span: StatementSync
  /** Records below this index have their terms on disk; a server reads the others anew from the log. */
  readonly #next: number
  #run = 0
  #expected: Expected[] = []

  /** Opens the index; undefined where there is none, or one that the next start makes anew. */
  static open(path: string): SearchCheck | undefined {
    if (!existsSync(path)) return undefined
    const database = new DatabaseSync(path, { readOnly: true })
    try {
      database.exec('PRAGMA busy_timeout = 5000')
      const version = database.prepare('PRAGMA user_version').get()?.['user_version']
      if (version === SCHEMA_VERSION) return new SearchCheck(database)
    } catch {
      // What cannot be read shows nobody anything: it is made anew at the next start.
    }
    database.close()
    return undefined
  }

  private constructor(database: DatabaseSync) {
    this.#database = database
    this.#list = database.prepare('SELECT places FROM lists WHERE term = ? AND run = ?')
    this.#span = database.prepare('SELECT times FROM spans WHERE run = ?')
    this.#next = Number(database.prepare('SELECT next FROM state').get()?.['next'])
  }

  /** Takes these entries, the first of which has the index `first`; they come in the order of the log. */
  bundle(first: number, entries: readonly Uint8Array[], findings: Findings): void {
    entries.forEach((entry, i) => {
      const index = first + i
      if (index >= this.#next) return
      const run = Math.floor(index / RUN)
      if (run !== this.#run) this.#compare(findings)
      this.#run = run
      const record = readable(entry)
      if (record === undefined) return
      const place = index % RUN
      this.#expected.push({ place, ts: Date.parse(record.ts), terms: [...termsOf(record)] })
    })
  }

  /** Compares what is left. */
  finish(findings: Findings): void {
    this.#compare(findings)
  }

  close(): void {
    this.#database.close()
  }

  #compare(findings: Findings): void {
    const spans = this.#spans()
    const lists = new Map<string, Uint8Array | undefined>()
    for (const { place, ts, terms } of this.#expected) {
      const index = this.#run * RUN + place
      const hidden = new Set<SearchKey | 'time'>()
      if (spans?.mayHold(index, { since: ts, until: ts + 1 }) !== true) hidden.add('time')
      for (const text of terms) {
        if (!lists.has(text)) lists.set(text, this.#places(text))
        const bits = lists.get(text)
        if (((bits?.[place >> 3] ?? 0) & (1 << (place & 7))) === 0) hidden.add(keyOf(text))
      }
      if (hidden.size === 0) continue
      const detail = `search.sqlite does not find it by: ${[...hidden].join(', ')}`
      findings.add('audit.verify_index', `record ${index}`, detail)
    }
    this.#expected = []
  }

  /** Bitmap of the run's records that have a term; undefined where the index has no such row. */
  #places(text: string): Uint8Array | undefined {
    const term = soughtTerm([keyOf(text), text.slice(text.indexOf(' ') + 1)])
    const places = this.#list.get(term.keyIn(this.#run), this.#run)?.['places']
    return places instanceof Uint8Array ? decodePlaces(places) : undefined
  }

  #spans(): TimeSpans | undefined {
    const times = this.#span.get(this.#run)?.['times']
    if (!(times instanceof Uint8Array)) return undefined
    const spans = new TimeSpans()
    try {
      spans.decode(this.#run, times)
      return spans
    } catch {
      // Of another length: nothing of it is found by its time.
      return undefined
    }
  }
}

function keyOf(text: string): SearchKey {
  return text.slice(0, text.indexOf(' ')) as SearchKey
}

/** The record; undefined where the entry is none, which is a finding of its own by then. */
function readable(entry: Uint8Array): ReturnType<typeof skimRecord> | undefined {
  try {
    return skimRecord(entry)
  } catch {
    return undefined
  }
}
