// Holds the live tail: records as server-sent events (WHATWG HTML §9.2) for whoever watches, never in the way of a call.

import { utf8 } from '../../std/bytes.ts'
import { stringifyJson, type Json } from '../../std/json.ts'
import { AuditTailQuery } from '../../wire/api/audit.ts'
import type { AuditRecord } from '../../wire/record.ts'
import { fault } from '../faults.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { shownEntry } from './entry.ts'
import { recordReading } from './reading.ts'

/** People who may watch at once. */
const MAX_WATCHERS = 32
/** Bytes that may wait for one watcher; what comes on top is counted and left out. */
const MAX_WAITING = 4 << 20
/** A comment this often says that the stream is there. */
const ALIVE_MS = 15_000

type Filter = Readonly<Record<'type' | 'agent' | 'system', string | undefined>>

function wanted(record: AuditRecord, filter: Filter): boolean {
  const { type, agent, system } = filter
  return (
    (type === undefined || record.type === type) &&
    (agent === undefined || record.agent === agent) &&
    (system === undefined || record.system === system)
  )
}

/** Event text; JSON of ours has no line breaks in it. */
function event(name: string, data: Json): Uint8Array {
  return utf8(`event: ${name}\ndata: ${stringifyJson(data)}\n\n`)
}

/** A stream of `record` events, and of `missed` events with a count where the watcher is too slow. */
function watch(ports: ControlPorts, filter: Filter, ended: () => void): ReadableStream<Uint8Array> {
  let stop = (): void => undefined
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        let lost = 0
        const room = (): boolean => (controller.desiredSize ?? 0) > 0
        const put = (bytes: Uint8Array): void => controller.enqueue(bytes)
        const leave = ports.audit.subscribe((records, missed) => {
          lost += missed
          for (const recorded of records) {
            if (!wanted(recorded.record, filter)) continue
            if (!room()) {
              lost += 1
              continue
            }
            if (lost > 0) put(event('missed', { count: lost }))
            lost = 0
            put(event('record', shownEntry(ports.authority, recorded) as unknown as Json))
          }
        })
        let cancel = (): void => undefined
        const alive = (): void => {
          if (room()) put(utf8(': alive\n\n'))
          cancel = ports.timer.after(ALIVE_MS, alive)
        }
        alive()
        stop = () => {
          leave()
          cancel()
          ended()
        }
      },
      cancel: () => stop(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: MAX_WAITING }),
  )
}

/** Serves the tail. */
export function serveTail(surface: Surface, ports: ControlPorts): void {
  let watchers = 0
  surface.closed(
    'GET /v1/audit/tail',
    {
      summary: 'Records as they become durable, as server-sent events',
      query: AuditTailQuery,
      answer: { media: 'text/event-stream' },
    },
    async ({ query, person }) => {
      if (watchers >= MAX_WATCHERS) throw fault('api.busy', `${MAX_WATCHERS} streams are open`)
      watchers += 1
      const { type, agent, system } = query
      try {
        const told = Object.entries({ type, agent, system }).filter(
          ([, text]) => text !== undefined,
        )
        await recordReading(ports, person, { what: 'tail', ...Object.fromEntries(told) })
      } catch (error) {
        watchers -= 1
        throw error
      }
      const stream = watch(ports, { type, agent, system }, () => (watchers -= 1))
      return new Response(stream, { headers: { 'content-type': 'text/event-stream' } })
    },
  )
}
