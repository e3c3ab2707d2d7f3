// Holds the check against checkpoints that somebody kept: the log may only have grown since.

import { parseCheckpoint, type Checkpoint } from '../tlog/checkpoint.ts'
import { toBase64 } from '../tlog/base64.ts'
import { sameHash } from '../tlog/hash.ts'
import { openNote } from '../tlog/note.ts'
import { shardVerifier } from './log-key.ts'
import { whyUnread, type Findings } from './verify-report.ts'

/** Checkpoints that were kept, by the origin of their shard. */
export class Pins {
  readonly #kept = new Map<string, Checkpoint[]>()
  readonly #findings: Findings
  readonly #vkeys: string

  /** Opens the signed notes with the log's keys. One that these did not sign is a finding: the log had another key then. */
  constructor(notes: readonly string[], vkeys: string, findings: Findings) {
    this.#findings = findings
    this.#vkeys = vkeys
    for (const note of notes) this.add(note)
  }

  /** Keeps one more: the log has to continue it as well. Gives it opened; undefined where it is a finding. */
  add(note: string): Checkpoint | undefined {
    const [origin = ''] = note.split('\n', 1)
    try {
      const verifier = shardVerifier(this.#vkeys, origin)
      if (verifier === undefined) throw new TypeError('no key')
      const checkpoint = parseCheckpoint(openNote(note, [verifier]).body)
      this.#kept.set(origin, [...(this.#kept.get(origin) ?? []), checkpoint])
      return checkpoint
    } catch (error) {
      const why = error instanceof TypeError ? 'none of these keys is for it' : whyUnread(error)
      const detail = `the checkpoint of ${origin} that was seen before was signed by another key: ${why}`
      this.#findings.add('audit.verify_key', 'checkpoint', detail)
      return undefined
    }
  }

  /** Sizes at which a shard's root has to be known. */
  sizes(origin: string): number[] {
    return (this.#kept.get(origin) ?? []).map(({ size }) => size)
  }

  /**
   * Holds a shard against what was kept of it: it is a continuation, or that is a finding. `rootAt` gives the root that the tree
   * had at a size; where it cannot, something else was found already.
   */
  check(now: Checkpoint, rootAt: (size: number) => Uint8Array | undefined): boolean {
    const { origin, size, root } = now
    let whole = true
    for (const before of this.#kept.get(origin) ?? []) {
      const was = `${before.size} records with the root ${toBase64(before.root)}`
      const is = `${size} with the root ${toBase64(root)}`
      const then = before.size === size ? root : rootAt(before.size)
      if (before.size > size) {
        const detail = `it was cut back: ${was} were seen before, now it has ${is}`
        this.#findings.add('audit.verify_rolled_back', 'checkpoint', detail)
      } else if (before.size > 0 && then !== undefined && !sameHash(then, before.root)) {
        const detail = `it is another history: ${was} were seen before, and what has ${is} does not begin with them`
        this.#findings.add('audit.verify_forked', 'checkpoint', detail)
      } else if (before.size === 0 || then !== undefined) continue
      whole = false
    }
    this.#kept.delete(origin)
    return whole
  }

  /** What was kept of shards that nobody has shown is gone. */
  finish(): void {
    for (const [origin, [before]] of this.#kept) {
      if (before === undefined) continue
      const was = `${before.size} records with the root ${toBase64(before.root)}`
      const detail = `it is gone: ${was} were seen before of ${origin}`
      this.#findings.add('audit.verify_rolled_back', 'checkpoint', detail)
    }
  }
}
