// Holds the check of the indexes by which records are found: every record has its row, the row says what the record says, and a search finds it.

import { Buffer } from 'node:buffer'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'

import { parseCheckpoint } from '../tlog/checkpoint.ts'
import { leafHash, sameHash } from '../tlog/hash.ts'
import { indexRow } from './index-row.ts'
import { LogFolder } from './log-folder.ts'
import { readShards } from './log-state.ts'
import { SearchCheck } from './search/search-check.ts'
import type { Findings } from './verify-report.ts'

/**
 * Follows a verification of a home's log with a second look at `log-state.sqlite`, and at the `search.sqlite` beside it. It trusts nothing
 * that is in there.
 */
export class IndexCheck {
  readonly #database: DatabaseSync
  readonly #rows: StatementSync
  readonly #search: SearchCheck | undefined

  /** Opens the index; undefined where the home has none. */
  static open(path: string): IndexCheck | undefined {
    if (!existsSync(path)) return undefined
    const search = SearchCheck.open(join(dirname(path), 'search.sqlite'))
    return new IndexCheck(new DatabaseSync(path, { readOnly: true }), search)
  }

  private constructor(database: DatabaseSync, search: SearchCheck | undefined) {
    this.#database = database
    this.#search = search
    database.exec('PRAGMA busy_timeout = 5000')
    this.#rows = database.prepare('SELECT * FROM records WHERE idx >= ? AND idx < ? ORDER BY idx')
  }

  /** Holds the rows of these entries, the first of which has the index `first`, against them. */
  bundle(first: number, entries: readonly Uint8Array[], findings: Findings): void {
    const rows = new Map(
      this.#rows.all(first, first + entries.length).map((row) => [Number(row['idx']), row]),
    )
    entries.forEach((entry, i) => {
      const index = first + i
      const said = indexRow(Buffer.from(entry), leafHash(entry))
      const row = rows.get(index)
      if (said === undefined) return
      if (row === undefined) {
        const detail = 'the index has no row for it, so no search shows it'
        findings.add('audit.verify_index', `record ${index}`, detail)
        return
      }
      // What the index does not keep it cannot keep wrong.
      const wrong = Object.entries(said).filter(([name, value]) => {
        return name in row && !equal(row[name], value)
      })
      if (wrong.length === 0) return
      const names = wrong.map(([name]) => name).join(', ')
      const detail = `its row in the index says otherwise about: ${names}`
      findings.add('audit.verify_index', `record ${index}`, detail)
    })
    this.#search?.bundle(first, entries, findings)
  }

  /** Holds what the sequencer committed against what was published: neither may know less than it should. */
  finish(log: string, findings: Findings): void {
    this.#search?.finish(findings)
    const folder = new LogFolder(log)
    for (const { name, size, root } of readShards(this.#database)) {
      const place = name === '' ? 'checkpoint' : `${name}/checkpoint`
      if (size === 0) continue
      const published = readPublished(folder, name)
      if (published === undefined) {
        const detail = `it is missing, and log-state.sqlite knows ${size} records of this shard`
        findings.add('audit.verify_shard', place, detail)
      } else if (published.size > size) {
        const detail = `log-state.sqlite knows ${size} records, ${published.size} are published`
        findings.add('audit.verify_rolled_back', place, detail)
      } else if (published.size === size && !sameHash(published.root, root)) {
        const detail = `log-state.sqlite knows another root at its ${size} records`
        findings.add('audit.verify_forked', place, detail)
      }
    }
  }

  close(): void {
    this.#search?.close()
    this.#database.close()
  }
}

function equal(kept: unknown, said: unknown): boolean {
  if (kept instanceof Uint8Array && said instanceof Uint8Array) {
    return Buffer.compare(kept, said) === 0
  }
  return typeof kept === 'bigint' ? Number(kept) === said : kept === said
}

/** Size and root of a published checkpoint, whose signature the verification itself has looked at. */
function readPublished(
  folder: LogFolder,
  name: string,
): { readonly size: number; readonly root: Uint8Array } | undefined {
  try {
    const note = folder.shard(name).checkpoint()
    return note === undefined ? undefined : parseCheckpoint(note.slice(0, note.indexOf('\n\n') + 1))
  } catch {
    // What is no checkpoint has been found by then.
    return undefined
  }
}
