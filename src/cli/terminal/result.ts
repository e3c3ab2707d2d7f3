// Holds how the result of a call is shown: its texts, and a line for each part that is no text.

import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import { prettyJson } from './json.ts'
import { visible, visibleLines } from './visible.ts'

function block(entry: Json, terminal: boolean): string {
  if (!isObject(entry)) return ''
  const { type, text, mimeType, data, uri, resource } = entry
  if (type === 'text' && typeof text === 'string') {
    const shown = terminal ? visibleLines(text) : text
    return shown.endsWith('\n') ? shown : `${shown}\n`
  }
  const what = isObject(resource) ? resource['uri'] : uri
  const facts = [type, mimeType, what].filter((fact) => typeof fact === 'string')
  const size = typeof data === 'string' ? `, ${data.length} characters of base64` : ''
  return `${visible(`[${facts.join(' ')}${size}: see it with -o json]`)}\n`
}

/** A result of `tools/call` for people; on a terminal what is hidden in it is shown as escapes. */
export function drawResult(result: JsonObject, terminal: boolean): string {
  const { content, structuredContent } = result
  const blocks = Array.isArray(content) ? content : []
  const out = blocks.map((entry) => block(entry, terminal)).join('')
  if (out !== '' || structuredContent === undefined) return out
  return `${prettyJson(structuredContent)}\n`
}
