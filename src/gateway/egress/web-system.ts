// Holds the system `web`: everything beyond the systems that somebody pinned, reached by requests that are seen or tunnels that are not.

import { digest } from '../../std/bytes.ts'
import { canonicalJson, type JsonObject } from '../../std/json.ts'
import type { Effect } from '../../wire/effect.ts'
import type { ActionDefinition, SystemDefinition } from '../../wire/system.ts'
import { systemDigest } from '../upstream/definition.ts'

/** Its name, which no other system may have. */
export const WEB = 'web'

const HOST: JsonObject = {
  type: 'string',
  maxLength: 253,
  description: 'a name in small letters, or an address; never with a port',
}
const PORT: JsonObject = { type: 'integer', minimum: 1, maximum: 65_535 }

function action(
  name: string,
  description: string,
  effects: readonly Effect[],
  properties: JsonObject,
  required: readonly string[],
): ActionDefinition {
  const shape = {
    name,
    description,
    inputSchema: {
      type: 'object',
      properties,
      required: [...required],
      additionalProperties: false,
    },
  }
  return { ...shape, effects, digest: digest(canonicalJson(shape)) }
}

/** A connection whose content nobody but its two ends sees. */
const TUNNEL = action(
  'tunnel',
  'A connection to a host through the gateway that is not looked into.',
  ['external', 'write', 'opaque'],
  { host: HOST, port: PORT },
  ['host', 'port'],
)

/** A request of which everything but the values of headers and the body is decided on. */
const REQUEST = action(
  'request',
  'An HTTP request to a host on the web.',
  ['external', 'write', 'read'],
  {
    method: { type: 'string', maxLength: 32 },
    scheme: { type: 'string', enum: ['http', 'https'] },
    host: HOST,
    port: PORT,
    path: { type: 'string', maxLength: 8_192 },
    query: { type: 'string', maxLength: 8_192 },
    headers: {
      type: 'array',
      maxItems: 256,
      items: { type: 'string', maxLength: 256 },
      description: 'names of its headers, in small letters, without values',
    },
    body: {
      type: 'object',
      properties: {
        media_type: { type: 'string', maxLength: 256 },
        size: { type: 'integer', minimum: 0, description: 'bytes; left out where it says none' },
      },
      additionalProperties: false,
    },
  },
  ['method', 'scheme', 'host', 'port', 'path', 'headers'],
)

/** What is pinned: by Bailiwick itself, since it is Bailiwick that does it. */
export function webSystem(): SystemDefinition {
  const whole: Omit<SystemDefinition, 'digest'> = {
    name: WEB,
    transport: { kind: 'web' },
    server: { name: 'bailiwick', version: '1' },
    actions: [REQUEST, TUNNEL],
    maxProcesses: 1,
  }
  return { ...whole, digest: systemDigest(whole) }
}
