// Holds the row of a connection: a file of a client that `connect` changed, with what stood there before, sealed.

import type { TableShape } from '../table.ts'

/** One file of one client, put behind Bailiwick. */
export interface Connection {
  /** UUIDv7. */
  readonly id: string
  /** Name of the client: `claude-code`, `cursor`, … */
  readonly client: string
  /** Agent that its entries act as. */
  readonly agent: string
  /** Person id: whose file it is. */
  readonly person: string
  /** Absolute path of the file, links resolved. Never in the record. */
  readonly path: string
  /** What of it was changed: servers, or hooks. */
  readonly part: 'servers' | 'hooks'
  /** The bytes of the file before, sealed under this id; empty once it was closed. */
  readonly sealed: string
  /** `sha256:…` of the bytes before; absent: there was no file. */
  readonly before?: string
  /** `sha256:…` of the bytes as they were written. */
  readonly after: string
  /** Which entry became which system; the place is its keys from the root of the document. */
  readonly entries: readonly { readonly place: readonly string[]; readonly system: string }[]
  readonly state: 'open' | 'closed'
  /** ms since the epoch. */
  readonly at: number
  readonly closed?: { readonly person: string; readonly reason: string; readonly at: number }
}

/** Table `connections`. Open ones are on the roll, so that none can be put back by hand. */
export const CONNECTIONS: TableShape<Connection> = {
  table: 'connections',
  id: (connection) => connection.id,
  columns: (connection) => ({ client: connection.client, state: connection.state }),
  roll: { column: 'state', values: ['open'] },
}
