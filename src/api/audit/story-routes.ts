// Holds the routes that tell of the record as a story: one call, the tree of a task or a trace, an incident in its order.

import { z } from 'zod'
import { fault } from '../../audit/faults.ts'
import {
  AuditCallStory,
  AuditReplay,
  AuditTrace,
  ReplayQuery,
  TraceQuery,
  TraceSubject,
} from '../../wire/api/story.ts'
import type { AuditRecord } from '../../wire/record.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { callSummary, shownEntries, withWords } from './entry.ts'
import { recordReading } from './reading.ts'
import { replayed } from './replay.ts'
import { callStory } from './story.ts'
import { traceOf } from './trace.ts'

/** Where a trace is looked for, whose id names no time (ms). */
const LATELY_MS = 86_400_000

/** Serves the stories. */
export function serveStories(surface: Surface, ports: ControlPorts): void {
  const { audit, authority, clock, search } = ports
  surface.closed(
    'GET /v1/audit/calls/{id}',
    {
      summary: 'One governed call, from its first record to its last, and the story that they tell',
      params: z.strictObject({ id: z.string().max(64) }),
      answer: AuditCallStory,
    },
    async ({ params, person }) => {
      await recordReading(ports, person, { what: 'call', call: params.id })
      const found = await audit.byCall(params.id)
      const [first, ...rest] = found.map(({ record }): AuditRecord => record)
      if (first === undefined) throw fault('audit.not_found', 'the log holds no such call')
      return {
        call: params.id,
        records: await shownEntries(authority, found),
        summary: callSummary(authority, [first, ...rest]),
        story: callStory(authority, audit, params.id, await withWords(authority, found)),
      }
    },
  )
  surface.closed(
    'GET /v1/audit/traces/{id}',
    {
      summary: 'The tree of a task, of a call or of a trace, across agents and systems',
      params: z.strictObject({ id: TraceSubject }),
      query: TraceQuery,
      answer: AuditTrace,
    },
    async ({ params, person, query }) => {
      await recordReading(ports, person, { what: 'trace', of: params.id })
      const from = query.from === undefined ? clock.now() - LATELY_MS : Date.parse(query.from)
      return traceOf(authority, { log: audit, search }, params.id, from)
    },
  )
  surface.closed(
    'GET /v1/audit/replay',
    {
      summary: 'Every record of a stretch of time in its order, and the gaps in it',
      query: ReplayQuery,
      answer: AuditReplay,
    },
    async ({ person, query }) => {
      const { agent, cursor, from, limit, task, to } = query
      const filter = { ...(agent !== undefined && { agent }), ...(task !== undefined && { task }) }
      await recordReading(ports, person, { what: 'replay', from, to, ...filter })
      const { lines, next } = await replayed(audit, {
        from: Date.parse(from),
        to: Date.parse(to),
        limit,
        ...filter,
        ...(cursor !== undefined && { cursor: Number(cursor) }),
      })
      const records = lines.flatMap((line) => (line.kind === 'record' ? [line.one] : []))
      const entries = await shownEntries(authority, records)
      let at = 0
      return {
        lines: lines.map((line) =>
          line.kind === 'gap' ? line : { kind: 'record' as const, entry: entries[at++]! },
        ),
        next: next === null ? null : String(next),
      }
    },
  )
}
