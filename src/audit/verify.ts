// Holds the verification of a whole log from its tiles, its checkpoints and its verifier key, and nothing else.

import { setImmediate as turn } from 'node:timers/promises'

import { toBase64 } from '../tlog/base64.ts'
import { encodeEntries } from '../tlog/entries.ts'
import { parseCheckpoint, type Checkpoint } from '../tlog/checkpoint.ts'
import { sameHash } from '../tlog/hash.ts'
import { openNote, parseVkey } from '../tlog/note.ts'
import { TILE_WIDTH, tilePath, tileWidth } from '../tlog/tile.ts'
import { shardVerifier } from './log-key.ts'
import { isShardName } from './shard.ts'
import type { CheckedBundle } from './verify-bundle.ts'
import { BundleCheckers } from './verify-checkers.ts'
import type { IndexCheck } from './verify-index.ts'
import { OrderCheck } from './verify-order.ts'
import { Pins } from './verify-pins.ts'
import {
  Findings,
  whyUnread,
  type SeenBy,
  type VerifiedShard,
  type VerifyReport,
  type WitnessVerdict,
} from './verify-report.ts'
import { verifyPart } from './verify-range.ts'
import { ShardChain } from './verify-shards.ts'
import { FolderSource, type LogSource } from './verify-source.ts'
import type { ReceiptCheck } from './verify-receipts.ts'
import { TreeRebuild } from './verify-tree.ts'

/** Says who of a policy's witnesses signed a checkpoint, and whether they are enough. */
export type WitnessCheck = (note: string) => {
  readonly quorum: boolean
  readonly seen: readonly SeenBy[]
  /** Why not, where that is not for want of witnesses. */
  readonly why?: string
}

/** What is verified, and against whom. */
export interface VerifyOptions {
  /** Folder of a log, with a folder for each of its shards; or that of one shard, with `checkpoint` and `tile/…`. */
  readonly directory?: string
  /** Where it is read from instead. */
  readonly source?: LogSource
  /** Verifier key of the log, or lines of them; got from somewhere else than the folder. */
  readonly vkey: string
  /** `hashes`: tiles and roots alone, without reading an entry. */
  readonly read?: 'records' | 'hashes'
  /** Signed checkpoints that were seen before: the log has to continue them. */
  readonly pins?: readonly string[]
  /** The policy that says which witnesses count. */
  readonly witnesses?: WitnessCheck
  /** Only the records from the first of these indices to the second, both included. */
  readonly range?: readonly [from: number, to: number]
  /** The index of the home whose log this is, and its log's folder. */
  readonly index?: { readonly check: IndexCheck; readonly log: string }
  /** Receipts that were handed out, and the time of now (ms since the epoch): each record is to be in the log. */
  readonly receipts?: { readonly check: ReceiptCheck; readonly now: number }
  /** Gets every checkpoint that the tree bears out and that continues the pins: what to pin next. */
  readonly onSeen?: (shard: string, note: string) => void
}

/**
 * Verifies a log: opens the checkpoints, hashes every entry, rebuilds and compares every tile and the roots, reads every record
 * strictly and follows every gateway's numbers. Holds a few bundles at a time, and lets others run in between. Deviations are
 * the report's findings; throws `tlog.vkey` for a key that is none.
 */
export async function verifyLog(options: VerifyOptions): Promise<VerifyReport> {
  return new Verification(options).run()
}

/** A bundle that was read ahead; or why it could not be. */
type FetchedBundle =
  | { readonly entries: readonly Uint8Array[]; readonly checked: Promise<CheckedBundle> }
  | { readonly unread: unknown }

/** One run. */
class Verification {
  readonly #options: VerifyOptions
  readonly #source: LogSource
  readonly #read: 'records' | 'hashes'
  readonly #findings = new Findings()
  readonly #order = new OrderCheck(this.#findings)
  readonly #chain = new ShardChain(this.#findings)
  readonly #pins: Pins
  readonly #shards: VerifiedShard[] = []
  #base = 0
  #records = 0
  /** Time of the newest record (ms since the epoch). */
  #newest = 0
  /** The shard before was dropped. */
  #resumes = false

  constructor(options: VerifyOptions) {
    this.#options = options
    this.#source = options.source ?? new FolderSource(options.directory ?? '.')
    this.#read = options.read ?? 'records'
    options.vkey.trim().split('\n').forEach(parseVkey)
    this.#pins = new Pins(options.pins ?? [], options.vkey, this.#findings)
  }

  async run(): Promise<VerifyReport> {
    const names = await this.#source.names()
    for (const name of names) {
      this.#findings.enter(name)
      const note = await this.#note(name)
      const checkpoint = note === undefined ? undefined : this.#open(note, name)
      if (note !== undefined && checkpoint !== undefined) await this.#shard(name, note, checkpoint)
    }
    this.#findings.enter('')
    // One shard by itself says nothing about the others.
    const alone = names.length === 1 && names[0] === '' && this.#isShard()
    const [, last = 0] = this.#options.range ?? []
    if (last >= this.#base && this.#options.range !== undefined) {
      const detail = `the log has ${this.#base} records under its checkpoints`
      this.#findings.add('audit.verify_gap', `record ${last}`, detail)
    }
    this.#options.index?.check.finish(this.#options.index.log, this.#findings)
    if (!alone && this.#options.range === undefined) {
      this.#chain.check(this.#shards, this.#named(), this.#read === 'records')
      this.#pins.finish()
    }
    return this.#report()
  }

  #report(): VerifyReport {
    const receipts = this.#receipts()
    const { list, more, notes } = this.#findings
    const { origin, size, root } = this.#shards.at(-1) ?? {}
    return {
      ok: list.length === 0,
      read: this.#read,
      witness: this.#verdict(),
      ...(origin === undefined || size === undefined || root === undefined
        ? {}
        : { origin, size, root }),
      shards: this.#shards,
      records: this.#records,
      boots: this.#order.boots(),
      findings: list,
      more,
      notes,
      ...(receipts === undefined ? {} : { receipts }),
    }
  }

  /** A copy is judged by the time of its newest record; where no record was read, the log is taken to be that of now. */
  #receipts(): VerifyReport['receipts'] {
    const { receipts, source } = this.#options
    if (receipts === undefined) return undefined
    const { check, now } = receipts
    const live = source !== undefined || this.#read === 'hashes'
    return check.finish(live ? now : this.#newest, this.#findings)
  }

  /** What holds for the log as a whole is what holds for each of its shards. */
  #verdict(): WitnessVerdict {
    if (this.#shards.every(({ witnesses }) => witnesses.length === 0)) return 'unwitnessed'
    return this.#belowQuorum ? 'below_quorum' : 'witnessed'
  }

  #belowQuorum = false

  #isShard(): boolean {
    const origin = this.#shards[0]?.origin ?? ''
    return isShardName(origin.slice(origin.lastIndexOf('/') + 1))
  }

  /** Shards that the keys speak of: those of the log that the first line names. */
  #named(): string[] {
    const names = this.#options.vkey
      .trim()
      .split('\n')
      .map((line) => parseVkey(line.trim()).name)
    const [log = ''] = names
    const below = names.filter((name) => name.startsWith(`${log}/`))
    return below.map((name) => name.slice(log.length + 1)).filter(isShardName)
  }

  async #note(name: string): Promise<string | undefined> {
    try {
      const note = await this.#source.checkpoint(name)
      if (note === undefined) this.#findings.add('audit.verify_note', 'checkpoint', 'it is missing')
      return note
    } catch (error) {
      this.#findings.add('audit.verify_note', 'checkpoint', whyUnread(error))
      return undefined
    }
  }

  /** The checkpoint of a shard, where it is signed by a key of this log and speaks of this shard. */
  #open(note: string, name: string): Checkpoint | undefined {
    const findings = this.#findings
    try {
      const [origin = ''] = note.split('\n', 1)
      const verifier = shardVerifier(this.#options.vkey, origin)
      if (verifier === undefined) {
        findings.add('audit.verify_note', 'checkpoint', `it is of the log ${origin}`)
        return undefined
      }
      const checkpoint = parseCheckpoint(openNote(note, [verifier]).body)
      if (name === '' || checkpoint.origin.endsWith(`/${name}`)) return checkpoint
      findings.add('audit.verify_note', 'checkpoint', `it is of the log ${checkpoint.origin}`)
    } catch (error) {
      findings.add('audit.verify_note', 'checkpoint', whyUnread(error))
    }
    return undefined
  }

  async #shard(name: string, note: string, checkpoint: Checkpoint): Promise<void> {
    const { origin, size, root } = checkpoint
    // What witnesses saw may be a moment older: the log has to continue it, as anything that was kept.
    const kept = await this.#source.witnessed(name)
    const witnessed = kept === undefined ? undefined : this.#pins.add(kept)?.size
    const seen = this.#witnesses(kept ?? note)
    const shard = {
      name,
      origin,
      size,
      root: toBase64(root),
      witnesses: seen,
      ...(seen.length > 0 && { witnessed: witnessed ?? size }),
    }
    if (size > 0 && !(await this.#source.hasTiles(name, size))) {
      this.#shards.push({ ...shard, dropped: true })
      this.#resumes = true
      this.#pins.check(checkpoint, () => undefined)
    } else if (this.#options.range !== undefined) {
      this.#shards.push(shard)
      await this.#part(name, checkpoint, this.#options.range)
    } else {
      this.#shards.push(shard)
      if (this.#resumes || (name === '' && this.#isShard())) this.#order.lenient()
      const tree = await this.#tree(name, size, this.#pins.sizes(origin))
      if (this.#resumes) this.#order.strict()
      this.#resumes = false
      const bearsOut = checkRoot(checkpoint, await tree.finish(), this.#findings)
      const continues = this.#pins.check(checkpoint, (at) => tree.rootAt(at))
      if (bearsOut && continues) this.#options.onSeen?.(name, note)
    }
    this.#base += size
  }

  /** Verifies what of the range lies in this shard. */
  async #part(
    shard: string,
    checkpoint: Checkpoint,
    [low, high]: readonly [number, number],
  ): Promise<void> {
    const base = this.#base
    const [from, to] = [Math.max(0, low - base), Math.min(checkpoint.size, high + 1 - base)]
    if (from >= to) return
    const parts = { source: this.#source, findings: this.#findings, order: this.#order }
    this.#order.lenient()
    this.#records += await verifyPart({ ...parts, shard, checkpoint, base, from, to })
  }

  #witnesses(note: string): readonly SeenBy[] {
    const check = this.#options.witnesses?.(note)
    if (check === undefined) return []
    if (!check.quorum) {
      this.#belowQuorum = true
      const who = check.seen.map(({ name }) => name).join(', ') || 'nobody'
      const detail = check.why ?? `the policy wants more witnesses than signed it: ${who} did`
      this.#findings.add('audit.verify_witness', 'checkpoint', detail)
    }
    return check.seen
  }

  /** Rebuilds a shard's tree, bundle by bundle. */
  async #tree(shard: string, size: number, stops: readonly number[]): Promise<TreeRebuild> {
    const base = this.#base
    const source = this.#source
    const check = this.#options.receipts?.check
    const onLeaves = check && ((hashes: Uint8Array) => check.leaves(hashes))
    const tree = new TreeRebuild({
      source,
      shard,
      findings: this.#findings,
      size,
      base,
      stops,
      onLeaves,
    })
    const bundles = Math.ceil(size / TILE_WIDTH)
    if (this.#read === 'hashes') {
      for (let index = 0; index < bundles; index++) {
        await tree.add(index, tileWidth('entries', index, size), undefined)
        await turn()
      }
      return tree
    }
    const checkers = new BundleCheckers(bundles)
    try {
      // What is ahead is only read and checked; what it says is heard in the order of the log.
      const ahead: Promise<FetchedBundle>[] = []
      for (let index = 0; index < bundles; index++) {
        for (let i = index + ahead.length; i < bundles && ahead.length < checkers.ahead; i++) {
          ahead.push(this.#fetch(shard, i, tileWidth('entries', i, size), checkers))
        }
        const width = tileWidth('entries', index, size)
        const bundle = await this.#bundle(shard, index, width, ahead.shift()!)
        await tree.add(index, width, bundle?.leaves)
        this.#marks(bundle, base + index * TILE_WIDTH)
        await turn()
      }
    } finally {
      await checkers.close()
    }
    return tree
  }

  /** Reads a bundle and has it checked. Never rejects for what is in the log: that is a finding, and has its turn. */
  async #fetch(
    shard: string,
    index: number,
    width: number,
    checkers: BundleCheckers,
  ): Promise<FetchedBundle> {
    try {
      const entries = await this.#source.entries(shard, index, width)
      const checked = checkers.check(entries)
      // It is awaited when its turn comes; until then nobody else hears of a thread that died.
      checked.catch(() => undefined)
      return { entries, checked }
    } catch (error) {
      return { unread: error }
    }
  }

  async #bundle(
    shard: string,
    index: number,
    width: number,
    fetched: Promise<FetchedBundle>,
  ): Promise<CheckedBundle | undefined> {
    const ref = { level: 'entries', index, width } as const
    const found = await fetched
    try {
      if ('unread' in found) throw found.unread
      const { entries } = found
      for (const { ref: small, bytes } of await this.#source.older(shard, ref)) {
        const beginning = encodeEntries(entries.slice(0, small.width))
        if (Buffer.compare(bytes, beginning) === 0) continue
        const detail = 'it is not the beginning of the bundle that followed it'
        this.#findings.add('audit.verify_entries', tilePath(small), detail)
      }
      this.#options.index?.check.bundle(this.#base + index * TILE_WIDTH, entries, this.#findings)
    } catch (error) {
      this.#findings.add('audit.verify_entries', tilePath(ref), whyUnread(error))
      return undefined
    }
    return found.checked
  }

  #marks(bundle: CheckedBundle | undefined, first: number): void {
    bundle?.marks.forEach((mark, i) => {
      if (typeof mark === 'string') {
        this.#findings.add('audit.verify_record', `record ${first + i}`, mark)
        return
      }
      this.#order.add(first + i, mark)
      this.#chain.add(mark)
      this.#records += 1
      this.#newest = Math.max(this.#newest, Date.parse(mark.ts))
    })
  }
}

function checkRoot(
  checkpoint: Checkpoint,
  root: Uint8Array | undefined,
  findings: Findings,
): boolean {
  if (root !== undefined && sameHash(root, checkpoint.root)) return true
  const detail =
    root === undefined
      ? 'entries and tiles are missing, so no root exists'
      : 'the tiles do not lead to the root that was signed'
  findings.add('audit.verify_root', 'checkpoint', detail)
  return false
}
