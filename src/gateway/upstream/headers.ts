// Holds the headers of a message to an MCP server over HTTP: what the revision asks for, and nothing of the agent's.

import { isObject, type JsonObject } from '../../std/json.ts'
import { MODERN_ERA } from '../../wire/mcp.ts'
import type { McpEra } from '../../wire/system.ts'

/** Methods whose name the `Mcp-Name` header repeats (SEP-2243). */
const NAMED: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
}

/** A value as a header holds it: wrapped where it is not plain printable ASCII, or looks wrapped already. */
function headerValue(text: string): string {
  const plain =
    /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !text.startsWith('=?base64?')
  return plain ? text : `=?base64?${Buffer.from(text, 'utf8').toString('base64')}?=`
}

/** The headers of one POST. */
export function requestHeaders(
  message: JsonObject,
  era: McpEra,
  session: string | undefined,
): Record<string, string> {
  const { method, params } = message
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'accept-encoding': 'identity',
  }
  if (method !== 'initialize') headers['mcp-protocol-version'] = era
  if (session !== undefined) headers['mcp-session-id'] = session
  // Our own span, as it stands in `_meta`: what looks at headers alone finds it there (SEP-414).
  const meta = isObject(params) ? params['_meta'] : undefined
  for (const name of ['traceparent', 'tracestate']) {
    const value = isObject(meta) ? meta[name] : undefined
    if (typeof value === 'string') headers[name] = value
  }
  if (era !== MODERN_ERA || typeof method !== 'string') return headers
  headers['mcp-method'] = headerValue(method)
  const field = Object.hasOwn(NAMED, method) ? NAMED[method]! : undefined
  const value = field !== undefined && isObject(params) ? params[field] : undefined
  if (typeof value === 'string') headers['mcp-name'] = headerValue(value)
  return headers
}
