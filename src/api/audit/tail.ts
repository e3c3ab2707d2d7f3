// Holds the live tail: records of the log as server-sent events (WHATWG HTML §9.2), each once and in order, however slow the reader.

import { matches, parseSearch, type SearchQuery } from '../../audit/search/query.ts'
import { utf8 } from '../../std/bytes.ts'
import { stringifyJson, type Json } from '../../std/json.ts'
import { AuditTailQuery, RecordIndex } from '../../wire/api/audit.ts'
import { fault } from '../faults.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { shownEntries } from './entry.ts'
import { recordReading } from './reading.ts'

/** People who may watch at once. */
const MAX_WATCHERS = 32
/** Bytes that may wait for one watcher; the rest waits in the log. */
const MAX_WAITING = 1 << 20
/** Records that are read at a time. */
const STEP = 200
/** A comment this often says that the stream is there. */
const ALIVE_MS = 15_000

/** Event text with the index as its id; JSON of ours has no line breaks in it. */
function event(index: number, data: Json): Uint8Array {
  return utf8(`id: ${index}\nevent: record\ndata: ${stringifyJson(data)}\n\n`)
}

/** One watcher: a cursor over the log that goes on as long as there is room, and again when there is. */
class Watch {
  readonly #ports: ControlPorts
  readonly #query: SearchQuery
  #next: number
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #reading = false
  #ended = false

  constructor(ports: ControlPorts, query: SearchQuery, next: number) {
    this.#ports = ports
    this.#query = query
    this.#next = next
  }

  /** The stream; `ended` is called once it is left. */
  stream(ended: () => void): ReadableStream<Uint8Array> {
    const leave = this.#ports.audit.onGrown(() => this.#go())
    let cancel = (): void => undefined
    const stop = (): void => {
      if (this.#ended) return
      this.#ended = true
      leave()
      cancel()
      ended()
    }
    const start = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
      this.#controller = controller
      const alive = (): void => {
        if (this.#room()) controller.enqueue(utf8(': alive\n\n'))
        cancel = this.#ports.timer.after(ALIVE_MS, alive)
      }
      alive()
      this.#go()
    }
    return new ReadableStream<Uint8Array>(
      { start, pull: () => this.#go(), cancel: stop },
      new ByteLengthQueuingStrategy({ highWaterMark: MAX_WAITING }),
    )
  }

  #room(): boolean {
    return (this.#controller?.desiredSize ?? 0) > 0
  }

  /** Reads on while there is room. One at a time: order is what a tail is for. */
  #go(): void {
    if (this.#reading || this.#ended) return
    this.#reading = true
    this.#read()
      .catch((error: unknown) => {
        if (!this.#ended) this.#controller?.error(error)
      })
      .finally(() => (this.#reading = false))
  }

  async #read(): Promise<void> {
    const { audit, authority } = this.#ports
    while (!this.#ended && this.#room()) {
      const records = audit.read(this.#next, STEP)
      const last = records.at(-1)
      if (last === undefined) return
      const wanted = records.filter(({ record }) => matches(this.#query, record))
      const shown = await shownEntries(authority, wanted)
      if (this.#ended) return
      this.#next = last.index + 1
      for (const entry of shown) {
        this.#controller?.enqueue(event(entry.index ?? 0, entry as unknown as Json))
      }
    }
  }
}

/** Serves the tail. */
export function serveTail(surface: Surface, ports: ControlPorts): void {
  let watchers = 0
  surface.closed(
    'GET /v1/audit/tail',
    {
      summary: 'Records as they come into the log, as server-sent events',
      query: AuditTailQuery,
      answer: { media: 'text/event-stream' },
    },
    async ({ query, person, request }) => {
      if (watchers >= MAX_WATCHERS) throw fault('api.busy', `${MAX_WATCHERS} streams are open`)
      watchers += 1
      try {
        const { type, agent, system, q = '' } = query
        const parsed = parseSearch(q, ports.clock.now())
        const terms = Object.entries({ type, agent, system }).flatMap(([key, value]) =>
          value === undefined ? [] : [[key as 'type', value] as const],
        )
        const told = Object.fromEntries(
          Object.entries({ type, agent, system, query: q || undefined }).filter(
            ([, text]) => text !== undefined,
          ),
        )
        const seen = RecordIndex.safeParse(request.headers.get('last-event-id') ?? query.after)
        const next = seen.success ? Number(seen.data) + 1 : ports.audit.stats().size
        await recordReading(ports, person, { what: 'tail', ...(told as Record<string, string>) })
        const wanted = { ...parsed, terms: [...parsed.terms, ...terms] }
        const stream = new Watch(ports, wanted, next).stream(() => (watchers -= 1))
        return new Response(stream, { headers: { 'content-type': 'text/event-stream' } })
      } catch (error) {
        watchers -= 1
        throw error
      }
    },
  )
}
