// Holds the audit log as the rest of the product sees it: append and wait for the disk, read, prove, close.

import type { BreakGlassView, BreakGlassWatch } from './break-glass-watch.ts'
import { parseCheckpoint, type Checkpoint } from '../tlog/checkpoint.ts'
import type { Clock } from '../std/clock.ts'
import type { AuditRecord, AuditSink, Receipt, RecordDraft } from '../wire/record.ts'
import type { Envelope, SealedRecord } from './envelope.ts'
import { fault } from './faults.ts'
import { LiveTail, type LiveListener } from './live-tail.ts'
import type { LogFolder } from './log-folder.ts'
import type { LogIndex, RecordFilter } from './log-index.ts'
import { proveRecord, keptIndices, readRecords, type LoggedRecord } from './log-reader.ts'
import { ownOutcome } from './outcome.ts'
import type { LogHead } from './log-state.ts'
import type { ShardHead } from './shard.ts'
import { shardMembers } from './shard-word.ts'
import type { SequencerLink } from './sequencer-link.ts'
import type { Confider } from './side/confide.ts'
import type { Spool, SpoolWaiter } from './spool.ts'
import type { SpoolThread } from './spool-thread.ts'
import type { OverQuota, RecordQuota } from './quota.ts'
import type { ReceiptRecord, SignedReceipt } from './receipt.ts'
import type { Receipts } from './receipts.ts'
import { isKept, type Reserve } from './reserve.ts'
import type { SpoolNews } from './spool-committer.ts'

/** Segments that the sequencer may lag behind before appending is refused: the disk is not a queue without end. */
const BACKLOG_SEGMENTS = 16
/** Between two looks at whether the glass was broken (ms). */
const LOOK_MS = 1_000
/** Between two records of what was refused over a quota (ms). */
const REFUSALS_MS = 10_000
/** Records that one `tail` gives at most. */
const TAIL_MAX = 1000

/** What `tail` is asked. */
export interface TailQuery extends RecordFilter {
  /** Records wanted, 1 to 1000. */
  readonly limit: number
  /** Only records with a smaller index: the cursor of the next page. */
  readonly before?: number
}

/** How the log is doing. */
export interface AuditStats {
  readonly gateway: string
  readonly boot: string
  /** Records sealed in this boot. */
  readonly iseq: number
  /** Records in the log, and under its published checkpoints: all shards together. */
  readonly size: number
  readonly published: number
  /** Bytes that wait for the disk. */
  readonly queuedBytes: number
  /** Segments between the spool's end and the log. */
  readonly backlogSegments: number
  /** Why nothing can be recorded; absent while all is well. */
  readonly failure?: string
  /** Why durable records do not reach the log at this moment. */
  readonly sequencerProblem?: string
  /** Why the next spool segment is not prepared, e.g. a full disk. */
  readonly reserveProblem?: string
  /** Bytes that are free on the spool's volume, as last looked at. */
  readonly freeBytes?: number
  /** Records go to another disk for a time, or what went there is not in the log yet. */
  readonly breakGlass?: BreakGlassView
}

/** The sequencer as the log uses it. */
type LogSequencer = Pick<
  SequencerLink,
  'head' | 'published' | 'problem' | 'onGrown' | 'noteDurable' | 'reach' | 'publishedTo' | 'close'
>

/** The parts that `openAuditLog` puts together. */
export interface AuditLogParts {
  readonly envelope: Envelope
  readonly spool: Spool
  readonly thread: Pick<SpoolThread, 'listen' | 'post' | 'ended'>
  readonly sequencer: LogSequencer
  readonly folder: LogFolder
  readonly index: Pick<LogIndex, 'find' | 'byCall' | 'shards' | 'tail' | 'close'>
  readonly heartbeatMs: number
  readonly reserve: Reserve
  readonly quota: RecordQuota
  readonly clock: Clock
  readonly receipts: Receipts
}

/** One open audit log. Made by `openAuditLog`; it keeps the process alive until it is closed. */
export class AuditLog implements AuditSink {
  readonly #parts: AuditLogParts
  readonly #live = new LiveTail()
  #confider: Pick<Confider, 'confide'> | undefined
  #heartbeat: NodeJS.Timeout | undefined
  #refusals: NodeJS.Timeout | undefined
  #looking: NodeJS.Timeout | undefined
  #breakGlass: Pick<BreakGlassWatch, 'look' | 'view'> | undefined
  /** Closed shards that a record names. */
  #closedShards: number
  #closed: Promise<void> | undefined
  /** Records of the batch whose durability is being told at this moment. */
  #batch: ReceiptRecord[] = []

  constructor(parts: AuditLogParts) {
    this.#parts = parts
    parts.thread.listen((news) => this.#hear(news))
    this.#closedShards = this.#namedShards()
    parts.sequencer.onGrown((head) => this.#rotated(head))
  }

  /** Id of this start of the gateway. */
  get boot(): string {
    return this.#parts.envelope.boot
  }

  /**
   * Seals a record and resolves once it is durable. Rejects with `audit.unavailable` (failed disk, removed spool, bounded
   * wait), `audit.too_large` or `audit.unreadable`; then the caller must not act. Order of calls is order in the log.
   */
  append(draft: RecordDraft, awaited = true): Promise<Receipt> {
    if (this.#closed !== undefined) {
      return Promise.reject(fault('audit.unavailable', 'the log is closed'))
    }
    const confiding = this.#confider?.confide(draft)
    if (confiding === undefined) return this.#append(draft, awaited)
    // Words of people are durable beside the log before the record that commits to them is even sealed.
    return confiding.then((confided) => {
      if (this.#closed === undefined) return this.#append(confided, awaited)
      throw fault('audit.unavailable', 'the log is closed')
    })
  }

  /** From here on words of people go to the side store, and commitments to them into the records. Called once, before anybody writes. */
  confideTo(confider: Pick<Confider, 'confide'>): void {
    this.#confider = confider
  }

  /** Why an instance would be refused at this moment for the records that it has caused; counted, and undefined where it would not. */
  overQuota(instance: string): OverQuota | undefined {
    return this.#parts.quota.refuse(instance)
  }

  /** The record with this id (UUID) or leaf hash (base64url), if the log holds it. */
  async get(idOrLeaf: string): Promise<LoggedRecord | undefined> {
    await this.#caughtUp()
    const index = this.#parts.index.find(idOrLeaf)
    return index === undefined ? undefined : this.#read([index])[0]
  }

  /**
   * The signed promise that a record stands in the log in time, for the newest records; undefined for any other. Take it at once
   * where it is to be evidence against whoever can write to this machine's disk.
   */
  receipt(leafOrId: string): SignedReceipt | undefined {
    return this.#parts.receipts.of(leafOrId)
  }

  /** Records of one governed call, oldest first. */
  async byCall(call: string): Promise<LoggedRecord[]> {
    await this.#caughtUp()
    return this.#read(this.#parts.index.byCall(call))
  }

  /** Lets the log catch up with everything that is durable now, and gives its size. Where it cannot, as far as it is. */
  async sequenced(): Promise<number> {
    await this.#caughtUp()
    return this.#parts.sequencer.head.size
  }

  /** Newest records first. */
  async tail(query: TailQuery): Promise<LoggedRecord[]> {
    await this.#caughtUp()
    const { limit, before = Number.MAX_SAFE_INTEGER, ...filter } = query
    const bounded = Math.max(1, Math.min(TAIL_MAX, limit))
    return this.#read(this.#parts.index.tail(filter, before, bounded))
  }

  /** The newest record of a type that is in the log at this moment; whatever is still on its way is not waited for. */
  newest(type: string): LoggedRecord | undefined {
    return this.#read(this.#parts.index.tail({ type }, Number.MAX_SAFE_INTEGER, 1))[0]
  }

  /** Calls `listener` with every record once it is durable, from now on; the answer ends it. */
  subscribe(listener: LiveListener): () => void {
    return this.#live.subscribe(listener)
  }

  /** Resolves when everything appended so far is under a published checkpoint, and gives that. */
  async flush(): Promise<Checkpoint> {
    const { spool, sequencer } = this.#parts
    await spool.drained()
    if (spool.failure !== undefined) throw fault('audit.unavailable', spool.failure)
    await sequencer.reach(spool.position)
    await sequencer.publishedTo(sequencer.head.size)
    const note = this.checkpoint()
    return parseCheckpoint(note.slice(0, note.indexOf('\n\n') + 1))
  }

  /** The newest published checkpoint, that of the shard that grows: a signed note. Throws `audit.not_found` before the first. */
  checkpoint(): string {
    const { folder, sequencer } = this.#parts
    for (const { name } of sequencer.head.shards.toReversed()) {
      const note = folder.shard(name).checkpoint()
      if (note !== undefined) return note
    }
    throw fault('audit.not_found', 'no checkpoint is published yet')
  }

  /** The shards of the log, the oldest first; the last one grows. */
  get shards(): readonly ShardHead[] {
    return this.#parts.sequencer.head.shards
  }

  /** The `.tlog-proof` of the record at `index`. Throws `audit.not_found` beyond the published checkpoint. */
  proof(index: number): string {
    return proveRecord(this.#parts.folder, this.shards, index)
  }

  /** Calls `listener` with the log's size whenever it has grown. The answer ends it. */
  onGrown(listener: (size: number) => void): () => void {
    return this.#parts.sequencer.onGrown(({ size }) => listener(size))
  }

  /**
   * Up to `limit` (1 to 1000) records from `index` on, the oldest first, as far as the log goes. What retention has removed is passed over:
   * the first may have a later index.
   */
  read(index: number, limit: number): LoggedRecord[] {
    const { folder, sequencer } = this.#parts
    const bounded = Math.max(1, Math.min(TAIL_MAX, limit))
    return this.#read(keptIndices(folder, sequencer.head.shards, index, bounded))
  }

  /** How the log is doing. */
  stats(): AuditStats {
    const { envelope, spool, sequencer } = this.#parts
    return {
      gateway: envelope.gateway,
      boot: envelope.boot,
      iseq: envelope.iseq,
      size: sequencer.head.size,
      published: Math.max(0, sequencer.published),
      queuedBytes: spool.queued,
      backlogSegments: this.#backlog(),
      ...(spool.failure === undefined ? {} : { failure: spool.failure }),
      ...(sequencer.problem === undefined ? {} : { sequencerProblem: sequencer.problem.detail }),
      ...roomOf(this.#parts.reserve),
      ...(this.#breakGlass?.view === undefined ? {} : { breakGlass: this.#breakGlass.view }),
    }
  }

  /** Records `gateway.stop`, publishes everything and ends both threads. Rejects where that could not be recorded. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  /** Starts the heartbeat: a record that says that silence is not absence. Called once, after `gateway.start`. */
  beat(breakGlass?: Pick<BreakGlassWatch, 'look' | 'view'>): void {
    this.#breakGlass = breakGlass
    this.#looking = setInterval(() => void breakGlass?.look(), LOOK_MS)
    this.#looking.unref()
    const { heartbeatMs, envelope, sequencer } = this.#parts
    this.#heartbeat = setInterval(() => {
      const body = { iseq: envelope.iseq, size: sequencer.head.size }
      this.#note({ type: 'heartbeat', phase: 'lifecycle', body })
    }, heartbeatMs)
    this.#heartbeat.unref()
    this.#refusals = setInterval(() => this.#noteRefused(), REFUSALS_MS)
    this.#refusals.unref()
  }

  /** How many shards the newest record about a closed one, and those before it, have named. */
  #namedShards(): number {
    const newest = this.#parts.index.tail({ type: 'log.shard_closed' }, Number.MAX_SAFE_INTEGER, 1)
    const name = this.#read(newest)[0]?.record.body['shard']
    return 1 + this.shards.findIndex((shard) => shard.name === name)
  }

  /** A shard that ends is named, with its last root, in the one that follows: the row of shards is one history. */
  #rotated({ shards }: LogHead): void {
    for (const shard of shards.slice(this.#closedShards, -1)) {
      this.#note({ type: 'log.shard_closed', phase: 'lifecycle', body: shardMembers(shard) })
    }
    this.#closedShards = Math.max(this.#closedShards, shards.length - 1)
  }

  #append(draft: RecordDraft, awaited = true): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      const kept = isKept(draft)
      this.#check(kept)
      this.#parts.reserve.check(draft, kept)
      this.#parts.quota.take(draft)
      const sealed = this.#parts.envelope.seal(draft)
      const { record } = sealed
      const waiter: SpoolWaiter = {
        durable: () => {
          this.#batch.push(receiptRecord(record, leaf))
          resolve({ id: record.id, leaf, ts: record.ts })
          this.#live.push({ leaf, record })
        },
        failed: reject,
        late: () => this.#late(sealed, leaf),
      }
      const leaf = this.#parts.spool.append(sealed.text, sealed.bytes, waiter, {
        awaited,
        patient: kept,
      })
    })
  }

  #check(kept: boolean): void {
    this.#parts.spool.check(kept)
    if (this.#backlog() > BACKLOG_SEGMENTS) {
      const why = this.#parts.sequencer.problem?.detail ?? 'it is slower than what is recorded'
      throw fault('audit.unavailable', `the sequencer has fallen too far behind: ${why}`)
    }
  }

  #backlog(): number {
    const { spool, sequencer } = this.#parts
    return spool.position.segment - sequencer.head.position.segment
  }

  /** Its caller was told that the record failed and did not act; the log has it all the same and must say so. */
  #late(sealed: SealedRecord, leaf: string): void {
    this.#batch.push(receiptRecord(sealed.record, leaf))
    this.#live.push({ leaf, record: sealed.record })
    if (sealed.record.phase !== 'intent') return
    const outcome = { status: 'not_executed', cause: 'audit_wait' } as const
    this.#note(ownOutcome(sealed.record, leaf, outcome))
  }

  /** Appends what nobody waits for. Where it fails, `stats` says why; an intent left open is marked at the next start. */
  #note(draft: RecordDraft): void {
    this.#append(draft, false).catch(() => this.#parts.spool.failure)
  }

  #hear(news: SpoolNews): void {
    const { spool, sequencer } = this.#parts
    if (news.kind === 'room') {
      const said = this.#parts.reserve.hear(news.room, this.#parts.clock.now())
      if (said !== undefined) this.#note({ ...said, phase: 'lifecycle' })
    }
    spool.hear(news)
    this.#parts.receipts.add(this.#batch, this.#parts.clock.now())
    this.#batch = []
    if (news.kind === 'durable') sequencer.noteDurable(news.batch)
  }

  /** What was refused over a quota, counted exactly, in one record. */
  #noteRefused(): void {
    const refused = this.#parts.quota.drain()
    if (refused === undefined) return
    const { body, restore } = refused
    this.#append({ type: 'refusals.quota', phase: 'lifecycle', body }, false).catch(restore)
  }

  /** Lets the log catch up with what is durable. Where it cannot, readers get what it holds: they may be looking for why. */
  async #caughtUp(): Promise<void> {
    const { spool, sequencer } = this.#parts
    await sequencer.reach(spool.position).catch(() => sequencer.problem)
  }

  #read(indices: readonly number[]): LoggedRecord[] {
    return readRecords(this.#parts.folder, this.#parts.index.shards(), indices)
  }

  async #close(): Promise<void> {
    const { envelope, thread, sequencer, index } = this.#parts
    clearInterval(this.#heartbeat)
    clearInterval(this.#refusals)
    clearInterval(this.#looking)
    this.#noteRefused()
    try {
      await this.#append({
        type: 'gateway.stop',
        phase: 'lifecycle',
        body: { iseq: envelope.iseq + 1 },
      })
      await this.flush()
    } finally {
      thread.post({ kind: 'close' }, [])
      await thread.ended()
      await sequencer.close()
      index.close()
    }
  }
}

function receiptRecord({ id, ts, gateway, boot, iseq }: AuditRecord, leaf: string): ReceiptRecord {
  return { id, leaf, ts, gateway, boot, iseq }
}

function roomOf({ room, problem }: Reserve): Pick<AuditStats, 'reserveProblem' | 'freeBytes'> {
  return {
    ...(problem === undefined ? {} : { reserveProblem: problem }),
    ...(room === undefined ? {} : { freeBytes: room.free }),
  }
}
