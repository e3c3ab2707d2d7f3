// Holds the search of a log as the rest of the product sees it: pages, cursors, and how far the index has come.

import { Worker } from 'node:worker_threads'

import { base64url, fromBase64url, sha256, utf8 } from '../../std/bytes.ts'
import type { AuditLog } from '../log.ts'
import { searchFault } from './faults.ts'
import { canonicalQuery, type SearchQuery } from './query.ts'
import type { FoundPage, PageQuery } from './search-index.ts'
import type { SearchNews, SearchOrder, SearchStart } from './search-worker.ts'

/** Longest that a question waits for the index to reach what was recorded before it (ms). */
const CATCH_UP_MS = 2_000
/** Questions that may wait at once. */
const WAITING_MAX = 64
const DIGEST_BYTES = 12

/** What is asked. */
export interface SearchAsk {
  readonly query: SearchQuery
  /** 1 to 500. */
  readonly limit: number
  readonly order: 'newest' | 'oldest'
  /** `next` of the page before. */
  readonly cursor?: string
}

/** A page of what was found. */
export interface SearchPage {
  readonly indices: readonly number[]
  readonly next: string | null
  /** True where looking was ended before the page was full: `next` goes on. */
  readonly partial: boolean
  /** Records that the index held when it was asked. */
  readonly searched: number
}

interface Waiting {
  readonly resolve: (page: FoundPage) => void
  readonly reject: (error: Error) => void
}

/** One index in its thread. Made by `openSearch`. */
export class Search {
  readonly #audit: Pick<AuditLog, 'stats' | 'onGrown' | 'sequenced'>
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #reachedWaits: (() => void)[] = []
  readonly #off: () => void
  #orders = 0
  #next: number
  #problem: string | undefined

  private constructor(
    audit: Pick<AuditLog, 'stats' | 'onGrown' | 'sequenced'>,
    worker: Worker,
    next: number,
  ) {
    this.#audit = audit
    this.#worker = worker
    this.#next = next
    worker.on('message', (news: SearchNews) => this.#hear(news))
    worker.on('error', (error) => this.#fell(error.message))
    this.#off = audit.onGrown(() => this.#tell({ kind: 'grown' }))
    // What the log grew by between the thread's first look and this line.
    this.#tell({ kind: 'grown' })
  }

  /** Opens the index of a home, whose log is open. Throws `search.unavailable`. */
  static async open(
    home: string,
    audit: Pick<AuditLog, 'stats' | 'onGrown' | 'sequenced'>,
  ): Promise<Search> {
    const workerData: SearchStart = { home }
    const worker = new Worker(new URL('./search-worker.ts', import.meta.url), { workerData })
    const news = await new Promise<SearchNews>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    if (news.kind !== 'opened') {
      throw searchFault(
        'search.unavailable',
        news.kind === 'failed' ? news.detail : 'it did not open',
      )
    }
    return new Search(audit, worker, news.next)
  }

  /** How far the index is, and why it stands still where it does. */
  state(): { readonly indexed: number; readonly lag: number; readonly problem?: string } {
    return {
      indexed: this.#next,
      lag: Math.max(0, this.#audit.stats().size - this.#next),
      ...(this.#problem !== undefined && { problem: this.#problem }),
    }
  }

  /**
   * One page. What was in the log when it was asked is searched, unless the index does not come so far within two seconds: `searched`
   * says. Throws `search.cursor`, `search.unavailable`.
   */
  async page({ query, limit, order, cursor }: SearchAsk): Promise<SearchPage> {
    const bound = `${order} ${canonicalQuery(query)}`
    const from = cursor === undefined ? undefined : readCursor(cursor, bound)
    if (this.#problem !== undefined) throw searchFault('search.unavailable', this.#problem)
    if (this.#waiting.size >= WAITING_MAX) {
      throw searchFault('search.unavailable', 'too many searches are waiting')
    }
    await this.#caughtUp(await this.#audit.sequenced())
    const ask: PageQuery = { query, limit, order, ...(from !== undefined && { from }) }
    const id = (this.#orders += 1)
    const page = await new Promise<FoundPage>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#tell({ kind: 'page', id, ask })
    })
    return {
      indices: page.indices,
      next: page.next === undefined ? null : writeCursor(page.next, bound),
      partial: page.partial,
      searched: this.#next,
    }
  }

  /** Has the index forget what retention has removed, when it has nothing else to do. */
  forget(): void {
    this.#tell({ kind: 'forget' })
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    this.#off()
    const ended = new Promise<void>((resolve) => {
      if (this.#worker.threadId === -1) resolve()
      else this.#worker.once('exit', () => resolve())
    })
    this.#tell({ kind: 'close' })
    await ended
    this.#fell('the search has ended')
  }

  async #caughtUp(size: number): Promise<void> {
    if (this.#next >= size) return
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, CATCH_UP_MS)))
    const there = new Promise<void>((resolve) => {
      const look = (): void => {
        if (this.#next >= size || this.#problem !== undefined) resolve()
        else this.#reachedWaits.push(look)
      }
      look()
    })
    await Promise.race([there, late])
    clearTimeout(timer)
  }

  #hear(news: SearchNews): void {
    if (news.kind === 'reached') {
      this.#next = news.next
      for (const look of this.#reachedWaits.splice(0)) look()
    }
    if (news.kind === 'page') {
      this.#waiting.get(news.id)?.resolve(news.page)
      this.#waiting.delete(news.id)
    }
    if (news.kind !== 'failed') return
    if (news.id === undefined) return this.#fell(news.detail)
    this.#waiting.get(news.id)?.reject(searchFault('search.unavailable', news.detail))
    this.#waiting.delete(news.id)
  }

  #fell(detail: string): void {
    this.#problem ??= detail
    for (const { reject } of this.#waiting.values()) {
      reject(searchFault('search.unavailable', detail))
    }
    this.#waiting.clear()
    for (const look of this.#reachedWaits.splice(0)) look()
  }

  #tell(order: SearchOrder): void {
    this.#worker.postMessage(order)
  }
}

/** A cursor says where to go on, and in which search: it is no use in another. */
function writeCursor(next: number, bound: string): string {
  const digest = sha256(utf8(bound)).subarray(0, DIGEST_BYTES)
  return base64url(Buffer.concat([digest, utf8(String(next))]))
}

function readCursor(cursor: string, bound: string): number {
  const bytes = fromBase64url(cursor)
  const digest = sha256(utf8(bound)).subarray(0, DIGEST_BYTES)
  const text = Buffer.from(bytes?.subarray(DIGEST_BYTES) ?? []).toString('latin1')
  const same = bytes !== undefined && Buffer.compare(bytes.subarray(0, DIGEST_BYTES), digest) === 0
  if (!same || !/^\d{1,15}$/.test(text)) {
    throw searchFault('search.cursor', 'the cursor is not one of this search')
  }
  return Number(text)
}
