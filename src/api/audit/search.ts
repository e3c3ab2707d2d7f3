// Holds the route of search: pages of the record by a query, each reading recorded.

import { matches, parseSearch } from '../../audit/search/query.ts'
import { AuditFound, AuditSearchQuery } from '../../wire/api/audit.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { shownEntries } from './entry.ts'
import { recordReading } from './reading.ts'

/** Serves search. */
export function serveSearch(surface: Surface, ports: ControlPorts): void {
  const { audit, authority, clock, search } = ports
  surface.closed(
    'GET /v1/audit/search',
    { summary: 'Records by a query', query: AuditSearchQuery, answer: AuditFound },
    async ({ query: { q, limit, order, cursor }, person }) => {
      const query = parseSearch(q, clock.now())
      await recordReading(ports, person, { what: 'search', query: q })
      const ask = { query, limit, order, ...(cursor !== undefined && { cursor }) }
      const { indices, ...page } = await search.page(ask)
      const found = indices.flatMap((index) =>
        audit.read(index, 1).filter((record) => record.index === index),
      )
      // What the index found was read back; the log is what people are shown.
      const records = found.filter(({ record }) => matches(query, record))
      return { records: await shownEntries(authority, records), ...page }
    },
  )
}
