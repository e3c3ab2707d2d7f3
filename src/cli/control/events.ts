// Holds reading a stream of server-sent events (WHATWG HTML §9.2), bounded.

/** One event. */
export interface ServerEvent {
  /** `message` where the stream names none. */
  readonly event: string
  readonly data: string
}

/** Characters that one event may have, its unfinished line included. */
const EVENT_LIMIT = 17_825_792

/** Thrown where an event is larger than can be kept. */
export class EventTooLarge extends Error {}

/** Cuts text into lines, each character looked at once however large a line grows. */
class Lines {
  #pieces: string[] = []
  /** The text before ended in a carriage return: a line feed now belongs to it. */
  #returned = false;

  *push(text: string): Generator<string> {
    let from = this.#returned && text.startsWith('\n') ? 1 : 0
    if (text !== '') this.#returned = text.endsWith('\r')
    const end = /\r\n|\n|\r/g
    end.lastIndex = from
    for (let match = end.exec(text); match !== null; match = end.exec(text)) {
      this.#pieces.push(text.slice(from, match.index))
      from = end.lastIndex
      const line = this.#pieces.join('')
      this.#pieces = []
      yield line
    }
    if (from < text.length) this.#pieces.push(text.slice(from))
  }
}

/**
 * Cuts chunks of UTF-8 into events. Comments, ids and retry times are read over; an event that the stream's end cut off
 * is dropped, as the standard says. Ending the iteration ends the reading of the chunks.
 */
export async function* serverEvents(
  chunks: AsyncIterable<Uint8Array>,
  limit: number = EVENT_LIMIT,
): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder('utf-8')
  const lines = new Lines()
  let event = ''
  let data: string[] = []
  let size = 0
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true })
    size += text.length
    if (size > limit) throw new EventTooLarge(`an event is larger than ${limit} characters`)
    for (const line of lines.push(text)) {
      if (line === '') {
        if (data.length > 0)
          yield { event: event === '' ? 'message' : event, data: data.join('\n') }
        event = ''
        data = []
        size = 0
        continue
      }
      const colon = line.indexOf(':')
      const name = colon < 0 ? line : line.slice(0, colon)
      const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
      if (name === 'data') data.push(value)
      else if (name === 'event') event = value
    }
  }
}
