// Holds the routes of the record: pages, single records, calls, proofs. Every reading is itself recorded.

import { z } from 'zod'
import { fault } from '../../audit/faults.ts'
import { canonicalJson, type Json } from '../../std/json.ts'
import {
  AuditEntry,
  AuditFlushed,
  AuditKeys,
  AuditPage,
  AuditQuery,
  RecordIndex,
} from '../../wire/api/audit.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { shownEntries } from './entry.ts'
import { recordReading } from './reading.ts'
import { serveStories } from './story-routes.ts'
import { serveSearch } from './search.ts'
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
        records: await shownEntries(authority, records),
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
      return (await shownEntries(authority, [record]))[0]!
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
  serveVerification(surface, ports)
  serveFlush(surface, ports)
  serveStories(surface, ports)
  serveTail(surface, ports)
  serveSearch(surface, ports)
}

/** What it takes to verify a proof elsewhere than here: the bytes that were hashed, and the keys. */
function serveVerification(surface: Surface, ports: ControlPorts): void {
  surface.closed(
    'GET /v1/audit/records/{index}/entry',
    {
      summary: 'A record byte for byte as it stands in the log, as its proof takes it',
      params: z.strictObject({ index: RecordIndex }),
      answer: { media: 'application/json' },
    },
    async ({ params, person }) => {
      await recordReading(ports, person, { what: 'entry', record: params.index })
      const [found] = ports.audit.read(Number(params.index), 1)
      if (found?.index !== Number(params.index)) {
        throw fault('audit.not_found', 'the log holds no such record')
      }
      // Entries are canonical, or the log does not read them: this is what was hashed (INV-7).
      const entry = canonicalJson(found.record as unknown as Json)
      return new Response(entry, { headers: { 'content-type': 'application/json' } })
    },
  )
  surface.closed(
    'GET /v1/audit/keys',
    { summary: 'Verifier keys of the log and of its witnesses', answer: AuditKeys },
    () => {
      const { log, witnesses } = ports.server.verifierKeys()
      return { log: [...log], witnesses: [...witnesses] }
    },
  )
}

function serveFlush(surface: Surface, ports: ControlPorts): void {
  const { audit } = ports
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
