// Holds what a client says of its own request: names and ids, bounded, for the record alone. History: v1.

import { isObject, type Json, type JsonObject } from '../std/json.ts'
import { META, metaOf } from './mcp.ts'
import { triggerInHeader, triggerInMeta, type TriggerClaim } from './trigger.ts'

/** The word of a client, and of nobody else: it is recorded as claimed, and nothing is ever allowed for it (INV-11). */
export interface Said {
  /** What set the call off. */
  readonly trigger?: TriggerClaim
  /** The model that asked for it. */
  readonly model?: string
  /** The program that hosts the agent, `<name>` or `<name>/<version>`. */
  readonly client?: string
  /** The id of the request in its protocol, as text. */
  readonly request?: string
}

/** Headers of HTTP by which a client says it. */
export const TRIGGER_HEADER = 'bailiwick-trigger'
export const MODEL_HEADER = 'bailiwick-model'

/** Names of programs and models as their makers write them; whatever else stands there is left out. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9 ._/:@+-]{0,63}$/
/** Ids that a protocol's client makes: nothing that could be words. */
const ID = /^[A-Za-z0-9._:-]{1,64}$/

type Headers = Readonly<Record<string, string | string[] | undefined>>

/** What an HTTP request says of itself. */
export function saidInHeaders(headers: Headers): Said {
  const trigger = triggerInHeader(headers[TRIGGER_HEADER])
  const model = nameOf(headers[MODEL_HEADER])
  return { ...(trigger !== undefined && { trigger }), ...(model !== undefined && { model }) }
}

/** What an MCP request says of itself: in its `_meta`, else in the headers that it came with. */
export function saidInMessage(params: JsonObject, id: Json, headers: Headers): Said {
  const meta = metaOf(params)
  const trigger = triggerInMeta(meta[META.trigger]) ?? triggerInHeader(headers[TRIGGER_HEADER])
  const model = nameOf(meta[META.model] ?? headers[MODEL_HEADER])
  const client = clientOf(meta[META.clientInfo])
  const request = requestOf(id)
  return {
    ...(trigger !== undefined && { trigger }),
    ...(model !== undefined && { model }),
    ...(client !== undefined && { client }),
    ...(request !== undefined && { request }),
  }
}

/** The program that a client's `clientInfo` names. */
export function clientOf(info: Json | undefined): string | undefined {
  if (!isObject(info)) return undefined
  const name = nameOf(info['name'])
  const version = nameOf(info['version'])
  return version === undefined || name === undefined ? name : `${name}/${version}`
}

/** The id of a request where it is none that could hold words. */
function requestOf(id: Json): string | undefined {
  if (typeof id === 'number') return String(id)
  return typeof id === 'string' && ID.test(id) ? id : undefined
}

function nameOf(value: Json | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' && NAME.test(value) ? value : undefined
}
