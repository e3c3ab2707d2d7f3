// Holds one request on its way through a method: who asks, in which era, at which endpoint, and everything it is answered with.

import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { JsonObject } from '../../std/json.ts'
import type { RpcId } from '../../wire/mcp.ts'
import type { Presented } from '../../wire/presented.ts'
import type { McpEra } from '../../wire/system.ts'
import type { CallControl } from '../call.ts'
import type { CredentialRefusal } from '../credential/refusal.ts'
import type { Governing } from '../governing.ts'
import type { SurfacePorts } from '../ports.ts'
import type { UpstreamPool } from '../upstream/pool.ts'
import type { Cursors } from './cursor.ts'
import type { Door } from './door.ts'
import type { Listeners } from './listeners.ts'
import type { Parking } from './parking.ts'
import type { McpReply } from './reply.ts'
import type { ClientSession } from './session.ts'
import type { Sessions } from './sessions.ts'
import type { TaskBook } from './task-book.ts'

/** One HTTP request to an endpoint. */
export interface Exchange {
  /** What the request showed; its proof has been checked and used up. */
  readonly presented: Presented
  /** Where the request came from, for detectors. */
  readonly place: string
  /** The listener by which it came in, as policy names it. */
  readonly listener: string
  /** The values of WWW-Authenticate for a refusal of this request. */
  readonly challenge: (refusal: CredentialRefusal) => readonly string[]
  /** Name of the system; nothing for the endpoint that joins all of them. */
  readonly system: string
  readonly headers: IncomingHttpHeaders
  readonly body: Uint8Array
  readonly reply: McpReply
  /** For what is answered by a stream that goes on. */
  readonly response: ServerResponse
  readonly control: CallControl
}

/** What methods work with. */
export interface MethodParts {
  readonly ports: SurfacePorts
  readonly governor: Governing
  readonly pool: UpstreamPool
  readonly sessions: Sessions
  readonly parking: Parking
  readonly listeners: Listeners
  readonly cursors: Cursors
  readonly tasks: TaskBook
  /** How long one request waits at a gate (ms). */
  readonly holdMs: number
  /** True when a 2025 client of this instance said, without a session, that it can open addresses. */
  readonly opensUrls: (instance: string) => boolean
  /** Remembers what an instance's newest 2025 client said. */
  readonly remember: (instance: string, capabilities: JsonObject) => void
}

/** One request. */
export interface Turn {
  readonly exchange: Exchange
  readonly door: Door
  readonly era: McpEra
  readonly id: RpcId
  readonly method: string
  readonly params: JsonObject
  /** Whose it is, as one text. */
  readonly owner: string
  readonly instance: string
  readonly session: ClientSession | undefined
}
