// Holds the reading of server-sent events (WHATWG HTML §9.2.6) from a system: bounded, and nothing guessed.

/** One event. */
export interface ServerEvent {
  /** `message` where the stream does not say. */
  readonly type: string
  readonly data: string
  /** The last id that was seen, this event's own included; absent: none. */
  readonly id?: string
}

/** Characters of an id that is kept for resuming: it becomes a header. */
const ID = /^[\x20-\x7e]{1,512}$/

/** Cuts a stream of bytes into events. Throws RangeError for an event over the limit, TypeError for bytes that are no UTF-8. */
export class EventReader {
  readonly #limit: number
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  #rest = ''
  #data: string[] = []
  #size = 0
  #type = ''
  #id: string | undefined
  #afterReturn = false
  /** How long to wait before connecting again, as the stream says (ms). */
  retryMs: number | undefined

  /** `limit`: characters of one event. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** The last id that was seen. */
  get lastId(): string | undefined {
    return this.#id
  }

  /** Takes bytes; answers the events that they end. */
  push(chunk: Uint8Array): ServerEvent[] {
    const out: ServerEvent[] = []
    let text = this.#decoder.decode(chunk, { stream: true })
    // A line feed that follows a carriage return ends no second line, also where the two came apart.
    if (this.#afterReturn && text.startsWith('\n')) text = text.slice(1)
    if (text !== '') this.#afterReturn = text.endsWith('\r')
    const lines = (this.#rest + text).split(/\r\n|\n|\r/)
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      const event = this.#line(line)
      if (event !== undefined) out.push(event)
    }
    if (this.#size + this.#rest.length > this.#limit)
      throw new RangeError('an event over the limit')
    return out
  }

  #line(line: string): ServerEvent | undefined {
    if (line === '') return this.#end()
    this.#size += line.length
    if (this.#size > this.#limit) throw new RangeError('an event over the limit')
    if (line.startsWith(':')) {
      this.#size -= line.length
      return undefined
    }
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'data') this.#data.push(value)
    else if (field === 'event') this.#type = value
    else if (field === 'id') this.#id = ID.test(value) ? value : undefined
    else if (field === 'retry' && /^\d{1,9}$/.test(value)) this.retryMs = Number(value)
    return undefined
  }

  #end(): ServerEvent | undefined {
    const data = this.#data
    const type = this.#type || 'message'
    this.#data = []
    this.#type = ''
    this.#size = 0
    if (data.length === 0) return undefined
    return { type, data: data.join('\n'), ...(this.#id !== undefined && { id: this.#id }) }
  }
}
