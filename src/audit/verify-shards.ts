// Holds the check that the row of shards is one history: each is named, with its last root, by a record of a later one.

import { leastUntil } from './retention/standing.ts'
import type { ShardWord } from './shard-word.ts'
import type { RecordMark } from './verify-bundle.ts'
import type { Findings, VerifiedShard } from './verify-report.ts'

/** Collects what records say about shards, and holds the shards against it. */
export class ShardChain {
  readonly #findings: Findings
  readonly #closed = new Map<string, ShardWord>()
  /** What retention has removed, as the newest record about it says, and when that was written (ms). */
  readonly #dropped = new Map<string, ShardWord & { readonly at: number }>()

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** Takes a record. */
  add({ shard, dropped = [], ts }: RecordMark): void {
    if (shard !== undefined) this.#closed.set(shard.name, shard)
    for (const word of dropped) {
      // The first word about it says when it went; those of later records repeat it.
      const at = this.#dropped.get(word.name)?.at ?? Date.parse(ts)
      this.#dropped.set(word.name, { ...word, at })
    }
  }

  /** Looks at all shards together; `named` are the shards that the log's verifier keys speak of. */
  check(shards: readonly VerifiedShard[], named: readonly string[], readRecords: boolean): void {
    const known = new Map(shards.map((shard) => [shard.name, shard]))
    for (const name of named) {
      if (!known.has(name)) this.#miss(name, 'log.vkey has a key for it')
    }
    for (const [name, word] of this.#closed) {
      const shard = known.get(name)
      if (shard === undefined) {
        if (!named.includes(name)) this.#miss(name, `a record closed it with ${word.size} records`)
      } else if (shard.size !== word.size || shard.root !== word.root) {
        const detail = `a record closed it with ${word.size} records and the root ${word.root}`
        this.#findings.add('audit.verify_shard', `${name}/checkpoint`, `it is not what ${detail}`)
      }
    }
    if (!readRecords) {
      for (const { name, dropped } of shards) {
        if (dropped !== true) continue
        const detail = 'its entries and tiles are gone, and no record was read that could say why'
        this.#findings.note('audit.verify_shard', `${name}/tile`, detail)
      }
      return
    }
    // The record about the last but one may still be on its way.
    for (const { name } of shards.slice(0, -2)) {
      if (this.#closed.has(name) || this.#dropped.has(name)) continue
      const detail = 'no record of a later shard names it'
      this.#findings.add('audit.verify_shard', `${name}/checkpoint`, detail)
    }
    for (const shard of shards) if (shard.dropped === true) this.#gone(shard)
  }

  /** Entries and tiles may be gone where a record says so, with what the checkpoint that was left says, and not before its time. */
  #gone({ name, size, root }: VerifiedShard): void {
    const word = this.#dropped.get(name)
    const wrong = (detail: string): void =>
      this.#findings.add('audit.verify_shard', `${name}/tile`, detail)
    if (word === undefined) return wrong('its entries and tiles are gone, and no record says why')
    if (word.size !== size || word.root !== root) {
      const says = `the record about that speaks of ${word.size} records with the root ${word.root}`
      return wrong(`its entries and tiles are gone, and ${says}`)
    }
    if (word.at < leastUntil(name)) {
      wrong('its entries and tiles are gone before six months after its end')
    }
  }

  #miss(name: string, why: string): void {
    this.#findings.add('audit.verify_shard', `${name}/checkpoint`, `it is missing, and ${why}`)
  }
}
