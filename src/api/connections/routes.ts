// Holds the routes of connections: what was put behind Bailiwick, keeping what a file was, giving it back.

import { z } from 'zod'
import { base64url, fromBase64url } from '../../std/bytes.ts'
import { rfc3339 } from '../../std/clock.ts'
import type { Connection as Row } from '../../authority/connections/connections.ts'
import {
  BackupAnswer,
  CloseConnection,
  Connection,
  ConnectionsAnswer,
  NewConnection,
} from '../../wire/api/connection.ts'
import { Id } from '../../wire/api/text.ts'
import { personName } from '../people/name.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'

/** Bytes of a request with a file in it. */
const FILE_LIMIT = 16_777_216

const ById = z.strictObject({ id: Id })

function shown({ authority }: ControlPorts, row: Row): Connection {
  const { id, client, agent, path, part, after, entries } = row
  return {
    id,
    client,
    agent,
    person: personName(authority, row.person),
    path,
    part,
    before: row.before ?? null,
    after,
    entries: entries.map(({ place, system }) => ({ place: [...place], system })),
    at: rfc3339(row.at),
  }
}

/** Serves connections. */
export function serveConnections(surface: Surface, ports: ControlPorts): void {
  const { authority } = ports
  surface.closed(
    'GET /v1/connections',
    { summary: 'Files of clients that go through here, oldest first', answer: ConnectionsAnswer },
    () => ({ connections: authority.connections.list().map((row) => shown(ports, row)) }),
  )
  surface.closed(
    'POST /v1/connections',
    {
      summary: 'Seal what a file of a client is, before it is changed',
      body: NewConnection,
      bodyLimit: FILE_LIMIT,
      answer: Connection,
    },
    async ({ body, person }) => {
      const { before, exposed, ...said } = body
      authority.agents.find(said.agent)
      const bytes = before === undefined ? undefined : fromBase64url(before)
      const wish = { ...said, ...(bytes !== undefined && { before: bytes }) }
      const row = await authority.connections.add(wish, { person: person.id })
      const why = `it stood in clear in a file of ${row.client}`
      for (const { system, name } of exposed) {
        const value = authority.secrets.find(system, name)?.value
        if (value === undefined) continue
        await authority.secrets.put(system, name, value, { person: person.id, exposed: why })
      }
      // Told at once: whoever connects is about to look.
      if (exposed.length > 0) await authority.concerns.look()
      return shown(ports, row)
    },
  )
  surface.closed(
    'POST /v1/connections/{id}/backup',
    { summary: 'What a file of your own was', params: ById, answer: BackupAnswer },
    async ({ params, person }) => {
      const { connection, bytes } = await authority.connections.backup(params.id, {
        person: person.id,
      })
      return {
        connection: shown(ports, connection),
        before: bytes === undefined ? null : base64url(bytes),
      }
    },
  )
  surface.closed(
    'POST /v1/connections/{id}/close',
    {
      summary: 'The file is as it was: forget what was sealed',
      params: ById,
      body: CloseConnection,
      answer: Connection,
    },
    async ({ params, body, person }) => {
      const word = { person: person.id, reason: body.reason }
      return shown(ports, await authority.connections.close(params.id, word))
    },
  )
}
