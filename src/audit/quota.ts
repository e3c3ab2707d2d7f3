// Holds the bound on how many records one instance may cause: a rate and a number a day, so that nobody who is let in can fill the disk.

import { rfc3339, type Clock } from '../std/clock.ts'
import type { JsonObject } from '../std/json.ts'
import type { RecordDraft } from '../wire/record.ts'
import { Fault } from '../std/fault.ts'
import { AUDIT_FAULTS } from './faults.ts'
import { isKept } from './reserve.ts'

/** Bounds for each instance, and for all together who have none. */
export interface QuotaLimits {
  /** Records a second, averaged over ten seconds. */
  readonly perSecond: number
  /** Records a day (UTC). */
  readonly perDay: number
}

/** Seconds of the rate that may be used at once. */
const BURST_S = 10
/** Those who are counted apart; whoever comes beyond shares one count. */
const KEYS_MAX = 65_536
/** Those whose refusals one record names; the others are counted together in it. */
const NAMED_MAX = 256
const DAY_MS = 86_400_000
/** Who has no instance: of another surface than the gateway's, or refused before one was known. */
const NOBODY = ''
const OTHERS = 'others'

interface Account {
  /** Records that may be caused at once, at `at`; below zero after outcomes that nobody refuses. */
  left: number
  at: number
  /** Records of the day. */
  today: number
}

/** A record is one too many. `retryAfterMs` says when the next is not. */
export class OverQuota extends Fault {
  readonly retryAfterMs: number
  constructor(detail: string, retryAfterMs: number) {
    super('audit.quota', AUDIT_FAULTS['audit.quota'], detail)
    this.retryAfterMs = retryAfterMs
  }
}

/** Counts records by instance. Exact: a record is counted where it is sealed, and a refusal where it is made. */
export class RecordQuota {
  readonly #limits: QuotaLimits
  readonly #clock: Clock
  readonly #accounts = new Map<string, Account>()
  #day: number
  #refused = new Map<string, number>()
  #since: number

  constructor(limits: QuotaLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
    this.#day = Math.floor(clock.now() / DAY_MS)
    this.#since = clock.now()
  }

  /** Why a call of this instance would be refused at this moment, and counts that it is; undefined where it would not. */
  refuse(instance: string | undefined): OverQuota | undefined {
    const over = this.#over(this.#account(instance ?? NOBODY))
    if (over !== undefined) this.#count(instance ?? NOBODY)
    return over
  }

  /** Counts a record. Throws `OverQuota`, and counts that instead, where it is one too many; what is kept is never refused. */
  take(draft: RecordDraft): void {
    if (draft.person !== undefined && draft.instance === undefined) return
    const kept = isKept(draft)
    if (kept && draft.instance === undefined) return
    const key = draft.instance ?? NOBODY
    const account = this.#account(key)
    const over = kept ? undefined : this.#over(account)
    if (over !== undefined) {
      this.#count(key)
      throw over
    }
    account.left -= 1
    account.today += 1
  }

  /** What was refused since the last time, as the body of a record; undefined where nothing was. `restore` puts it back. */
  drain(): { readonly body: JsonObject; readonly restore: () => void } | undefined {
    if (this.#refused.size === 0) return undefined
    const counts = this.#refused
    const since = this.#since
    this.#refused = new Map()
    this.#since = this.#clock.now()
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
    const refused = [...counts].map(([instance, count]) => ({ instance, count }))
    return {
      body: { since: rfc3339(since), until: rfc3339(this.#since), total, refused },
      restore: () => {
        this.#since = since
        for (const [key, count] of counts) this.#count(key, count)
      },
    }
  }

  #turn(): void {
    const day = Math.floor(this.#clock.now() / DAY_MS)
    if (day === this.#day) return
    this.#day = day
    // Whoever has its whole burst again is as good as new.
    const now = this.#clock.monotonic()
    for (const [key, account] of this.#accounts) {
      account.today = 0
      if (this.#filled(account, now) >= this.#burst) this.#accounts.delete(key)
    }
  }

  get #burst(): number {
    return this.#limits.perSecond * BURST_S
  }

  #filled({ left, at }: Account, now: number): number {
    return Math.min(this.#burst, left + ((now - at) / 1_000) * this.#limits.perSecond)
  }

  #account(key: string): Account {
    this.#turn()
    const now = this.#clock.monotonic()
    const known = this.#accounts.get(key)
    if (known !== undefined) {
      known.left = this.#filled(known, now)
      known.at = now
      return known
    }
    if (this.#accounts.size >= KEYS_MAX && key !== OTHERS) return this.#account(OTHERS)
    const account = { left: this.#burst, at: now, today: 0 }
    this.#accounts.set(key, account)
    return account
  }

  #over({ left, today }: Account): OverQuota | undefined {
    const { perSecond, perDay } = this.#limits
    if (today >= perDay) {
      const until = (this.#day + 1) * DAY_MS - this.#clock.now()
      return new OverQuota(`${perDay} records were caused today, which is all of the day`, until)
    }
    if (left >= 1) return undefined
    const wait = Math.ceil(((1 - left) / perSecond) * 1_000)
    return new OverQuota(`more than ${perSecond} records a second were caused`, wait)
  }

  #count(key: string, count = 1): void {
    const named = this.#refused.has(key) || this.#refused.size < NAMED_MAX
    const under = named ? key : OTHERS
    this.#refused.set(under, (this.#refused.get(under) ?? 0) + count)
  }
}
