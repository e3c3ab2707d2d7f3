// Holds a governed load at one gateway: so many calls a second whatever happens, each with how it ended, and streams that stay open.

import { request } from 'undici'
import type { Holder } from '../../src/cli/identity/holder.ts'
import type { Post } from './fleet.ts'

/** One call. Times are monotonic, of this process (ms). */
export interface Tried {
  readonly gateway: string
  readonly sentAt: number
  endedAt: number
  /** HTTP status; 0: no answer. */
  status: number
  /** Code of the refusal; empty where there was none. */
  code: string
}

/** Calls of one agent by way of one gateway. */
export class Load {
  readonly tried: Tried[] = []
  readonly #post: Post
  readonly #holder: Holder
  readonly #everyMs: number
  readonly #running = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #began = 0
  #sent = 0

  constructor(post: Post, holder: Holder, perSecond: number) {
    this.#post = post
    this.#holder = holder
    this.#everyMs = 1_000 / perSecond
  }

  start(): void {
    this.#began = performance.now()
    this.#timer = setInterval(() => {
      // A late timer sends what was due: the rate is what was asked for, whatever the machine does.
      const due = Math.floor((performance.now() - this.#began) / this.#everyMs)
      while (this.#sent < due) {
        this.#sent++
        this.#send()
      }
    }, 1)
  }

  /** Stops, and resolves when every call has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#running)
  }

  #send(): void {
    const tried: Tried = {
      gateway: this.#post.name,
      sentAt: performance.now(),
      endedAt: Infinity,
      status: 0,
      code: '',
    }
    this.tried.push(tried)
    const call = get(this.#post, this.#holder, `/http/api/items/${this.tried.length}`)
      .then(({ code, status }) => Object.assign(tried, { code, status }))
      .catch(() => undefined)
      .then(() => void (tried.endedAt = performance.now()))
    this.#running.add(call)
    void call.finally(() => this.#running.delete(call))
  }
}

/** Makes one call, or any other request. */
export async function get(
  post: Post,
  holder: Holder,
  path: string,
  method: 'GET' | 'POST' = 'GET',
): Promise<{ readonly status: number; readonly code: string }> {
  const answer = await request(`${post.url}${path}`, {
    method,
    dispatcher: holder.dispatcher(),
    headersTimeout: 70_000,
    bodyTimeout: 70_000,
  })
  const text = await answer.body.text()
  const code = answer.statusCode < 400 ? '' : String((JSON.parse(text) as { code: string }).code)
  return { status: answer.statusCode, code }
}

/** A stream that is open. */
export interface Open {
  /** When it ended, monotonic (ms). */
  readonly ended: Promise<number>
  close(): void
}

/** Opens a stream; resolves once it has said something. */
export async function openStream(post: Post, holder: Holder): Promise<Open> {
  const ending = new AbortController()
  const { body, statusCode } = await request(`${post.url}/http/api/events`, {
    dispatcher: holder.dispatcher(),
    signal: ending.signal,
    bodyTimeout: 0,
  })
  if (statusCode !== 200) throw new Error(`a stream was answered: ${await body.text()}`)
  const said = Promise.withResolvers<void>()
  const ended = (async () => {
    try {
      for await (const _ of body) said.resolve()
    } catch {
      // Cut: that is what is looked for.
    }
    return performance.now()
  })()
  await Promise.race([said.promise, ended])
  return { ended, close: () => ending.abort() }
}
