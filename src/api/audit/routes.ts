// Holds the routes of the record: pages, single records, calls, proofs. Every reading is itself recorded.

import { z } from 'zod'
import { fault } from '../../audit/faults.ts'
import {
  AuditCall,
  AuditEntry,
  AuditFlushed,
  AuditPage,
  AuditQuery,
  RecordIndex,
} from '../../wire/api/audit.ts'
import type { AuditRecord } from '../../wire/record.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { callSummary, shownEntry } from './entry.ts'
import { recordReading } from './reading.ts'
import { serveTail } from './tail.ts'

const ByText = z.strictObject({ id: z.string().max(64) })

/** Serves the record. */
export function serveAudit(surface: Surface, ports: ControlPorts): void {
  const { audit, authority } = ports
  surface.closed(
    'GET /v1/audit/records',
    { summary: 'Records, newest first', query: AuditQuery, answer: AuditPage },
    async ({ query, person }) => {
      const { limit, before, type, agent, system, call } = query
      const filter = {
        ...(type !== undefined && { type }),
        ...(agent !== undefined && { agent }),
        ...(system !== undefined && { system }),
        ...(call !== undefined && { call }),
      }
      const cursor = before === undefined ? {} : { before: Number(before) }
      await recordReading(ports, person, { what: 'records', ...filter })
      const records = await audit.tail({ limit, ...cursor, ...filter })
      const last = records.at(-1)
      const more = records.length === limit && last !== undefined && last.index > 0
      return {
        records: records.map((record) => shownEntry(authority, record)),
        next: more ? String(last.index) : null,
      }
    },
  )
  surface.closed(
    'GET /v1/audit/records/{id}',
    { summary: 'One record by its id or leaf hash', params: ByText, answer: AuditEntry },
    async ({ params, person }) => {
      await recordReading(ports, person, { what: 'record', record: params.id })
      const record = await audit.get(params.id)
      if (record === undefined) throw fault('audit.not_found', 'the log holds no such record')
      return shownEntry(authority, record)
    },
  )
  surface.closed(
    'GET /v1/audit/records/{index}/proof',
    {
      summary: 'Proof that a record is under the published checkpoint (.tlog-proof)',
      params: z.strictObject({ index: RecordIndex }),
      answer: { media: 'text/plain' },
    },
    ({ params }) =>
      new Response(audit.proof(Number(params.index)), {
        headers: { 'content-type': 'text/plain; charset=utf-8' },
      }),
  )
  serveCalls(surface, ports)
  serveTail(surface, ports)
}

function serveCalls(surface: Surface, ports: ControlPorts): void {
  const { audit, authority } = ports
  surface.closed(
    'GET /v1/audit/calls/{id}',
    {
      summary: 'One governed call, from its first record to its last',
      params: ByText,
      answer: AuditCall,
    },
    async ({ params, person }) => {
      await recordReading(ports, person, { what: 'call', call: params.id })
      const found = await audit.byCall(params.id)
      const [first, ...rest] = found.map(({ record }): AuditRecord => record)
      if (first === undefined) throw fault('audit.not_found', 'the log holds no such call')
      return {
        call: params.id,
        records: found.map((record) => shownEntry(authority, record)),
        summary: callSummary(authority, [first, ...rest]),
      }
    },
  )
  surface.closed(
    'POST /v1/audit/flush',
    {
      summary: 'Wait until everything acknowledged is under a published checkpoint',
      body: z.strictObject({}),
      answer: AuditFlushed,
    },
    async () => {
      const { origin, size, root } = await audit.flush()
      return {
        origin,
        size,
        root: Buffer.from(root).toString('base64'),
        checkpoint: audit.checkpoint(),
      }
    },
  )
}
