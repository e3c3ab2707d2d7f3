// Holds the following of references within one JSON Schema (RFC 6901 in a fragment); none leads out of it.

import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import { UnreadableSchema } from './node.ts'

/** The schema that a reference names. Throws UnreadableSchema where it leads out of the document, or nowhere. */
export function resolvePointer(root: JsonObject, ref: string): Json {
  const shown = JSON.stringify(ref.slice(0, 96))
  if (ref === '#') return root
  if (!ref.startsWith('#/')) throw new UnreadableSchema(`the reference ${shown} leads out of it`)
  let at: Json | undefined = root
  for (const part of ref.slice(2).split('/')) {
    const key = decoded(part)
    if (key === undefined) break
    if (Array.isArray(at)) at = /^(?:0|[1-9]\d{0,8})$/.test(key) ? at[Number(key)] : undefined
    else at = isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined
    if (at === undefined) break
  }
  if (at === undefined) throw new UnreadableSchema(`the reference ${shown} leads nowhere`)
  return at
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    // A broken escape names nothing.
    return undefined
  }
}
