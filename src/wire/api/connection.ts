// Holds connections of clients as the control API keeps, lists and gives them back. History: v1.

import { z } from 'zod'
import { Digest, Id, Name, Reason, Time } from './text.ts'

const Path = z
  .string()
  .min(1)
  .max(4_096)
  .refine((text) => !text.includes('\0') && text.isWellFormed(), 'has a NUL or broken Unicode')

const Entry = z.strictObject({
  /** Keys from the root of the document to the entry. */
  place: z.array(z.string().max(4_096)).min(1).max(8),
  system: Name,
})

const Part = z.enum(['servers', 'hooks'])

/** A file of a client that was put behind Bailiwick. */
export const Connection = z
  .object({
    id: Id,
    client: Name,
    agent: Name,
    /** Name of the person whose file it is. */
    person: z.string(),
    path: z.string(),
    part: Part,
    /** Of the bytes before; null: there was no file. */
    before: Digest.nullable(),
    after: Digest,
    entries: z.array(Entry),
    at: Time,
  })
  .meta({ id: 'Connection' })

/** Answer of `GET /v1/connections`: those that are open, oldest first. */
export const ConnectionsAnswer = z.object({ connections: z.array(Connection) })

/** Body of `POST /v1/connections`: asked before the file is changed. */
export const NewConnection = z.strictObject({
  client: Name,
  agent: Name,
  path: Path,
  part: Part,
  /** The file as it is, base64url; left out where there is none. */
  before: z.base64url().max(12_000_000).optional(),
  after: Digest,
  entries: z.array(Entry).max(256),
  /** Sealed values that stood in the file in clear: each has to be replaced at its provider. */
  exposed: z
    .array(z.strictObject({ system: Name, name: z.string().max(128) }))
    .max(4_096)
    .default([]),
})

/** Answer of `POST /v1/connections/{id}/backup`. */
export const BackupAnswer = z.object({
  connection: Connection,
  /** The file as it was, base64url; null: there was none. */
  before: z.base64url().nullable(),
})

/** Body of `POST /v1/connections/{id}/close`. */
export const CloseConnection = z.strictObject({ reason: Reason })

export type Connection = z.infer<typeof Connection>
export type NewConnection = z.input<typeof NewConnection>
