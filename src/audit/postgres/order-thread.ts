// Holds the life of an attachment: it follows, leads when nobody else does, comes back after an outage, and ends on evidence.

import type { Clock } from '../../std/clock.ts'
import { publicFault } from '../../std/fault.ts'
import type { LogHead } from '../log-state.ts'
import { comparePositions, type Position } from '../segment.ts'
import { FINAL_CODES } from '../shard-note.ts'
import type { SpoolScan } from '../spool-scan.ts'
import { Attachment, endOf, type AttachmentOptions, type Published } from './attachment.ts'
import type { Gap } from './leader.ts'
import type { Refusal } from './refused.ts'
import { Scrub } from './scrub.ts'

/** Between two looks where nobody says anything: how long a dead leader goes unnoticed (ms). */
const POLL_MS = 200
/** Between two counts of who is attached, and two looks at what was followed before. */
const COUNT_MS = 1000
/** Between two attempts to attach again. */
const RETRY_MS = 250
/** Longest that the word about the own spool may come after what it says is in the database. */
const LONGER_MS = 2000
/** How long a leader that lives may leave records waiting: one that is stopped holds its lock for as long as its kernel answers. */
const IDLE_MS = 5000
/** How long a record may be missing before those behind it before somebody is told. */
const GAP_MS = 5000

/** What the thread is told. */
export type OrderOrder =
  | { readonly kind: 'durable'; readonly position: Position }
  /** Somebody waits. */
  | { readonly kind: 'hurry' }
  | {
      readonly kind: 'publish'
      readonly shard: string
      readonly size: number
      readonly note: string
    }
  | { readonly kind: 'close' }

/** What the thread says. */
export type OrderNews =
  | { readonly kind: 'opened'; readonly head: LogHead; readonly scan: SpoolScan }
  /** The log has moved; shards to be signed, which only a leader has. */
  | { readonly kind: 'committed'; readonly head: LogHead; readonly sign: readonly string[] }
  | ({ readonly kind: 'published' } & Published)
  | { readonly kind: 'attached'; readonly gateways: number; readonly leading: boolean }
  /** Something stands in the database that no gateway of this log recorded: it gets no index. */
  | ({ readonly kind: 'refused' } & Refusal)
  /** Why the log does not move at this moment; absent once it does. */
  | { readonly kind: 'trouble'; readonly detail?: string }
  | { readonly kind: 'failed'; readonly code: string; readonly detail: string }

/** How the thread is started. */
export interface OrderStart extends AttachmentOptions {
  /** Between two steps of a leader, ms. */
  readonly checkpointMs: number
}

/** Runs until it is closed or fails; a failure is the last thing that it says. */
export class OrderThread {
  readonly #options: OrderStart
  readonly #clock: Clock
  readonly #say: (news: OrderNews) => void
  #attachment: Attachment | undefined
  #past: ReadonlySet<string> | undefined
  #goal: Position | undefined
  #scan: SpoolScan = { torn: 0 }
  readonly #longer = new Set<() => void>()
  readonly #scrub = new Scrub()
  readonly #notes: { shard: string; size: number; note: string }[] = []
  #opened = false
  #closing = false
  #hurried = false
  /** Set by whoever comes while a round is under way. */
  #called = false
  /** Whether this process asked for haste and another leads. */
  #asked = false
  #due = 0
  #counted = -Infinity
  #gateways = 1
  #leading = false
  #trouble: string | undefined
  #gap: { readonly gap: Gap; readonly since: number } | undefined
  /** Since when records wait at this size of the log. */
  #idle: { readonly size: number; readonly since: number } | undefined
  #wake: (() => void) | undefined

  constructor(options: OrderStart, clock: Clock, say: (news: OrderNews) => void) {
    this.#options = options
    this.#clock = clock
    this.#say = say
  }

  obey(order: OrderOrder): void {
    if (order.kind === 'durable') this.#noteDurable(order.position)
    else if (order.kind === 'publish') this.#notes.push(order)
    else if (order.kind === 'hurry') this.#hurried = this.#asked = true
    else this.#closing = true
    if (order.kind === 'durable') return
    this.#called = true
    this.#wake?.()
  }

  /** Resolves at the end of its life. */
  async run(): Promise<void> {
    while (!this.#closing) {
      try {
        await this.#sleep(await this.#turn())
      } catch (error) {
        const { code, detail } = wordsOf(error)
        await this.#detach()
        if (FINAL_CODES.includes(code) || !this.#opened) {
          return this.#say({ kind: 'failed', code, detail })
        }
        this.#tell(detail)
        await this.#sleep(RETRY_MS)
      }
    }
    await this.#detach()
  }

  /** One round; gives how long nothing has to be done (ms). */
  async #turn(): Promise<number> {
    const attachment = this.#attachment ?? (await this.#attach())
    this.#called = false
    await this.#follow(attachment)
    if (!this.#opened) {
      this.#opened = true
      this.#say({ kind: 'opened', head: attachment.head, scan: this.#scan })
    }
    if (await attachment.tryLead()) {
      // What the one before did last.
      await this.#follow(attachment)
      this.#due = 0
      this.#say({ kind: 'committed', head: attachment.head, sign: await attachment.unsigned() })
    }
    const more = await this.#lead(attachment)
    for (const { shard, size, note } of this.#notes.splice(0)) {
      await attachment.put(shard, size, note)
    }
    for (const each of await attachment.publish()) this.#say({ kind: 'published', ...each })
    await this.#count(attachment)
    this.#tell(this.#gapDetail())
    if (more || this.#notes.length > 0 || this.#called) return 0
    const due = attachment.leading ? this.#due - this.#clock.monotonic() : POLL_MS
    return Math.max(0, Math.min(POLL_MS, due))
  }

  async #attach(): Promise<Attachment> {
    const spool = { goal: this.#goal, longer: () => this.#becameLonger() }
    const attachment = await Attachment.open(this.#options, spool, this.#past)
    this.#attachment = attachment
    this.#past = attachment.past
    if (attachment.scan !== undefined) this.#scan = attachment.scan
    this.#goal ??= endOf(attachment.scan, attachment.head.position)
    attachment.noteDurable(this.#goal)
    const hear = (word: string): void => {
      if (word === 'hurry') this.#hurried = true
      this.#called = true
      this.#wake?.()
    }
    await attachment.listen(hear, () => this.#wake?.())
    return attachment
  }

  async #detach(): Promise<void> {
    const attachment = this.#attachment
    this.#attachment = undefined
    this.#notes.length = 0
    await attachment?.close()
  }

  /**
   * Takes over what the database has when this begins, and no more: under load whoever leads is always ahead, and a round that went
   * after the end would never open this home, publish or count.
   */
  async #follow(attachment: Attachment): Promise<void> {
    let goal = Infinity
    while (!this.#closing && attachment.head.size < goal) {
      const { size } = attachment.head
      goal = Math.min(goal, await attachment.follow())
      if (this.#opened && attachment.head.size > size) {
        this.#say({ kind: 'committed', head: attachment.head, sign: [] })
      }
    }
  }

  /** One step of a leader where it is time for one; true where more is waiting. */
  async #lead(attachment: Attachment): Promise<boolean> {
    if (!attachment.leading) {
      if (this.#asked) await attachment.hurry()
      this.#asked = this.#hurried = false
      return false
    }
    if (!this.#hurried && this.#clock.monotonic() < this.#due) return false
    this.#hurried = this.#asked = false
    const before = attachment.head.shards.length
    const { records, more, gap } = await attachment.lead(this.#gateways)
    this.#sayRefused(attachment)
    this.#due = this.#clock.monotonic() + this.#options.checkpointMs
    if (gap === undefined) this.#gap = undefined
    else if (this.#gap === undefined) this.#gap = { gap, since: this.#clock.monotonic() }
    if (records > 0) {
      const { shards } = attachment.head
      const sign = shards.slice(Math.max(0, before - 1)).map(({ name }) => name)
      this.#say({ kind: 'committed', head: attachment.head, sign })
    }
    if (more) this.#hurried = true
    return more
  }

  async #count(attachment: Attachment): Promise<void> {
    const now = this.#clock.monotonic()
    if (now - this.#counted < COUNT_MS && attachment.leading === this.#leading) return
    this.#counted = now
    this.#leading = attachment.leading
    this.#gateways = await attachment.gateways()
    await this.#watchLeader(attachment)
    await attachment.look(this.#scrub)
    this.#say({ kind: 'attached', gateways: this.#gateways, leading: this.#leading })
  }

  /** Records that wait while nothing moves: whoever leads is stopped, or cut off. */
  async #watchLeader(attachment: Attachment): Promise<void> {
    const { size } = attachment.head
    const now = this.#clock.monotonic()
    const waiting = !attachment.leading && (await attachment.isDue())
    this.#sayRefused(attachment)
    if (!waiting || this.#idle?.size !== size)
      this.#idle = waiting ? { size, since: now } : undefined
    else if (now - this.#idle.since > IDLE_MS) {
      await attachment.unseat()
      this.#idle = undefined
    }
  }

  #sayRefused(attachment: Attachment): void {
    const { leading } = attachment
    for (const each of attachment.refused()) this.#say({ kind: 'refused', leading, ...each })
  }

  #gapDetail(): string | undefined {
    if (this.#gap === undefined) return undefined
    const { gap, since } = this.#gap
    if (this.#clock.monotonic() - since < GAP_MS) return undefined
    const who = `number ${gap.iseq} of gateway ${gap.gateway}, boot ${gap.boot}`
    return `${who} is missing in the database, and what it recorded later waits for that`
  }

  #tell(detail: string | undefined): void {
    if (detail === this.#trouble) return
    this.#trouble = detail
    this.#say(detail === undefined ? { kind: 'trouble' } : { kind: 'trouble', detail })
  }

  #noteDurable(position: Position): void {
    if (this.#goal !== undefined && comparePositions(position, this.#goal) <= 0) return
    this.#goal = position
    this.#attachment?.noteDurable(position)
    for (const tell of this.#longer) tell()
  }

  #becameLonger(): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (longer: boolean): void => {
        clearTimeout(timer)
        this.#longer.delete(tell)
        resolve(longer)
      }
      const tell = (): void => end(true)
      const timer = setTimeout(() => end(false), LONGER_MS)
      this.#longer.add(tell)
    })
  }

  async #sleep(ms: number): Promise<void> {
    if (ms <= 0 || this.#closing) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = undefined
  }
}

function wordsOf(error: unknown): { code: string; detail: string } {
  const { code, detail } = publicFault(error)
  return { code, detail: code === 'internal' && error instanceof Error ? error.message : detail }
}
