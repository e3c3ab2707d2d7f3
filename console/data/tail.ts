// Holds the tail of the record: what was before this page, then every record as it comes into the log, each once.

import { get, Refusal } from './api.ts'
import type { AuditEntry, AuditFound } from '../../src/sdk/types.ts'

/** Records from before that are read (the API gives no more at once). */
const BEFORE = 500
/** How long after a stream was refused it is asked for again (ms). A connection that breaks is taken up by the browser itself. */
const AGAIN_MS = 5_000

export type TailState = 'opening' | 'open' | 'broken' | 'forbidden'

/** Follows what a query of the record finds. */
export class Tail {
  readonly #query: string
  readonly #take: (entry: AuditEntry) => void
  readonly #become: () => void
  #source: EventSource | undefined
  #again: ReturnType<typeof setTimeout> | undefined
  /** Index of the last record that was seen. */
  #last = -1
  /** Counts the times that somebody began to look: what an earlier one waited for opens nothing any more. */
  #round = 0
  state: TailState = 'opening'
  /** True where more was before than was read. */
  partial = false

  constructor(
    query: string,
    of: { readonly take: (entry: AuditEntry) => void; readonly become: () => void },
  ) {
    this.#query = query
    this.#take = of.take
    this.#become = of.become
  }

  async open(): Promise<void> {
    const round = ++this.#round
    if (this.#last < 0) await this.#before()
    if (this.#round !== round || this.state === 'forbidden') return
    const after = this.#last < 0 ? '' : `&after=${this.#last}`
    const source = new EventSource(`/v1/audit/tail?q=${encodeURIComponent(this.#query)}${after}`)
    this.#source = source
    source.addEventListener('open', () => this.#to('open'))
    source.addEventListener('error', () => {
      this.#to('broken')
      if (source.readyState !== EventSource.CLOSED) return
      this.#again = setTimeout(() => void this.open(), AGAIN_MS)
    })
    source.addEventListener('record', ({ data }) => this.#seen(JSON.parse(String(data))))
  }

  close(): void {
    this.#round += 1
    this.#source?.close()
    clearTimeout(this.#again)
  }

  async #before(): Promise<void> {
    try {
      const q = `${this.#query} since:15m`
      const found = await get<AuditFound>('/v1/audit/search', { q, limit: BEFORE })
      this.partial = found.next !== null
      for (const entry of found.records.toReversed()) this.#seen(entry)
    } catch (error) {
      this.#to(error instanceof Refusal && error.status === 403 ? 'forbidden' : 'broken')
    }
  }

  #seen(entry: AuditEntry): void {
    const { index } = entry
    if (index !== null) {
      if (index <= this.#last) return
      this.#last = index
    }
    this.#take(entry)
  }

  #to(state: TailState): void {
    this.state = state
    this.#become()
  }
}
