// Holds what the parts of a conversation need of it.

import type { JsonObject } from '../../std/json.ts'
import type { McpEra } from '../../wire/system.ts'
import type { Described } from './definition.ts'
import type { RequestOptions, UpstreamAnswer } from './exchange.ts'

/** A conversation as its own parts see it. */
export interface Speaking {
  readonly era: McpEra
  readonly server: Described['server']
  readonly instructions: string | undefined
  readonly capabilities: JsonObject
  readonly closed: boolean
  /** Makes a request whose result is needed; rejects with a Fault where there is none. */
  ask(method: string, params: JsonObject): Promise<JsonObject>
  request(method: string, params: JsonObject, options: RequestOptions): Promise<UpstreamAnswer>
  /** What the server says that it is. */
  describe(): Promise<Described>
}
