// Holds the check that the row of shards is one history: each is named, with its last root, by a record of a later one.

import type { RecordMark, ShardWord } from './verify-bundle.ts'
import type { Findings, VerifiedShard } from './verify-report.ts'

/** Collects what records say about shards, and holds the shards against it. */
export class ShardChain {
  readonly #findings: Findings
  readonly #closed = new Map<string, ShardWord>()

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** Takes a record. */
  add({ shard }: RecordMark): void {
    if (shard !== undefined) this.#closed.set(shard.name, shard)
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
    if (!readRecords) return
    // The record about the last but one may still be on its way.
    for (const { name } of shards.slice(0, -2)) {
      if (this.#closed.has(name)) continue
      const detail = 'no record of a later shard names it'
      this.#findings.add('audit.verify_shard', `${name}/checkpoint`, detail)
    }
    for (const { name, dropped } of shards) {
      if (dropped === undefined) continue
      const detail = 'its entries and tiles are gone'
      this.#findings.add('audit.verify_shard', `${name}/tile`, detail)
    }
  }

  #miss(name: string, why: string): void {
    this.#findings.add('audit.verify_shard', `${name}/checkpoint`, `it is missing, and ${why}`)
  }
}
