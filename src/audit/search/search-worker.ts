// Holds the search's thread: it follows the log in small steps, and answers between two of them.

import { setPriority } from 'node:os'
import { join } from 'node:path'
import { parentPort, workerData, type MessagePort } from 'node:worker_threads'

import { publicFault } from '../../std/fault.ts'
import { LogFollower } from '../log-follow.ts'
import { SearchIndex, type FoundPage, type PageQuery } from './search-index.ts'

/** Records of one step: how long a question may wait for it. */
const STEP = 512
/** Below everybody else's but the exporters'. */
const NICE = 8

/** How the thread is started. */
export interface SearchStart {
  readonly home: string
}

/** What the thread is told. */
export type SearchOrder =
  | { readonly kind: 'grown' }
  /** Retention has removed something. */
  | { readonly kind: 'forget' }
  | { readonly kind: 'page'; readonly id: number; readonly ask: PageQuery }
  | { readonly kind: 'close' }

/** What the thread says. */
export type SearchNews =
  | { readonly kind: 'opened'; readonly next: number }
  | { readonly kind: 'reached'; readonly next: number }
  | { readonly kind: 'page'; readonly id: number; readonly page: FoundPage }
  | {
      readonly kind: 'failed'
      /** Of the question that failed; absent where the thread did. */
      readonly id?: number
      readonly code: string
      readonly detail: string
    }

class SearchThread {
  readonly #port: MessagePort
  readonly #follower: LogFollower
  readonly #index: SearchIndex
  #running = false
  /** Whether something may be left that is to be forgotten; what an earlier process did not come to is looked for at the start. */
  #forgetting = true
  #closed = false

  constructor(port: MessagePort, { home }: SearchStart) {
    this.#port = port
    this.#follower = new LogFollower(home)
    this.#index = new SearchIndex(join(home, 'search.sqlite'), this.#follower)
    this.#say({ kind: 'opened', next: this.#index.next })
    this.#wake()
  }

  obey(order: SearchOrder): void {
    switch (order.kind) {
      case 'grown':
        return this.#wake()
      case 'forget':
        this.#forgetting = true
        return this.#wake()
      case 'page':
        return this.#answer(order.id, order.ask)
      case 'close':
        this.#closed = true
        this.#index.close()
        this.#follower.close()
        this.#port.close()
    }
  }

  #wake(): void {
    if (this.#running || this.#closed) return
    this.#running = true
    setImmediate(() => this.#turn())
  }

  #turn(): void {
    this.#running = false
    if (this.#closed) return
    try {
      if (this.#index.advance(STEP)) this.#say({ kind: 'reached', next: this.#index.next })
      else if (this.#forgetting) this.#forgetting = this.#index.forget()
      else return
      this.#wake()
    } catch (error) {
      this.#fail(error)
    }
  }

  #answer(id: number, ask: PageQuery): void {
    try {
      this.#say({ kind: 'page', id, page: this.#index.page(ask) })
    } catch (error) {
      this.#fail(error, id)
    }
  }

  #fail(error: unknown, id?: number): void {
    const { code, detail } = publicFault(error)
    const words = code === 'internal' && error instanceof Error ? error.message : detail
    this.#say({ kind: 'failed', code, detail: words, ...(id !== undefined && { id }) })
  }

  #say(news: SearchNews): void {
    this.#port.postMessage(news)
  }
}

if (parentPort !== null) {
  const port = parentPort
  if (process.platform === 'linux') setPriority(0, NICE)
  try {
    const thread = new SearchThread(port, workerData as SearchStart)
    port.on('message', (order: SearchOrder) => thread.obey(order))
  } catch (error) {
    const { code, detail } = publicFault(error)
    port.postMessage({ kind: 'failed', code, detail } satisfies SearchNews)
    port.close()
  }
}
