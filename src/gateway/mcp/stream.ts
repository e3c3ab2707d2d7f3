// Holds a stream of events that is no answer to a call: what a client is told of for as long as it listens.

import type { ServerResponse } from 'node:http'
import type { JsonObject } from '../../std/json.ts'
import { eventOf, STREAM_HEAD } from './reply.ts'

const QUIET_MS = 15_000
/** Bytes that may wait for a client that does not read; beyond them it is told no more, and is not waited for. */
const BACKLOG_LIMIT = 262_144

/** One open stream. It ends when the client leaves, when it stops to read, or when it may no longer listen. */
export class EventStream {
  readonly #response: ServerResponse
  readonly #quiet: NodeJS.Timeout
  #open = true

  constructor(response: ServerResponse, onClosed: () => void) {
    this.#response = response
    response.writeHead(200, STREAM_HEAD)
    response.flushHeaders()
    this.#quiet = setInterval(() => this.#write(': still here\n\n'), QUIET_MS)
    this.#quiet.unref()
    response.on('close', () => {
      this.#open = false
      clearInterval(this.#quiet)
      onClosed()
    })
  }

  get open(): boolean {
    return this.#open
  }

  /** Sends one message; false where the stream is over. */
  send(message: JsonObject): boolean {
    return this.#write(eventOf(message))
  }

  #write(text: string): boolean {
    if (!this.#open) return false
    if (this.#response.writableLength > BACKLOG_LIMIT) {
      this.cut()
      return false
    }
    this.#response.write(text)
    return true
  }

  /** Ends it in good order, after a last message where there is one. */
  end(last?: JsonObject): void {
    if (!this.#open) return
    this.#open = false
    clearInterval(this.#quiet)
    this.#response.end(last === undefined ? undefined : eventOf(last))
  }

  /** Ends it at once: nothing that waits is sent any more. */
  cut(): void {
    this.#open = false
    clearInterval(this.#quiet)
    this.#response.destroy()
  }
}
