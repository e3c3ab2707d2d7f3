// Holds the headers of an answer that the agent gets: a list of what may be told, and nothing else of what came.

import type { Incoming } from '../net/line.ts'
import { headerOf } from '../net/read.ts'
import { ownLinks, ownPath } from './address.ts'
import { readMediaType } from './media.ts'

/** Told as they are. */
const TOLD: ReadonlySet<string> = new Set([
  'accept-ranges',
  'content-disposition',
  'content-language',
  'content-range',
  'deprecation',
  'etag',
  'last-modified',
  'retry-after',
  'sunset',
  'x-request-id',
])
const RATES = /^(?:x-)?ratelimit(?:-[a-z0-9-]{1,64})?$/
const VALUE = /^[\t\x20-\x7e]*$/
const MAX_VALUE = 8_192

/** What the headers are told of. */
export interface AnswerPlace {
  /** What was asked for. */
  readonly asked: URL
  readonly system: string
  readonly transport: { readonly url: string }
  /** Headers that the operation says it answers. */
  readonly declared: readonly string[]
  /** Looks at a value before it is told. */
  readonly clean: (value: string) => string
}

/** The headers for the agent. Whatever it answers is for this caller alone and is kept nowhere. */
export function answerHeaders(
  headers: Incoming['headers'],
  place: AnswerPlace,
): Record<string, string> {
  const out: Record<string, string> = {
    'cache-control': 'private, no-store',
    'x-content-type-options': 'nosniff',
  }
  const put = (name: string, value: string | undefined) => {
    if (value === undefined || value.length > MAX_VALUE || !VALUE.test(value)) return
    const clean = place.clean(value)
    if (VALUE.test(clean)) out[name] = clean
  }
  for (const [name, given] of Object.entries(headers)) {
    const value = typeof given === 'string' ? given : given?.join(', ')
    if (value === undefined) continue
    if (name === 'location') put(name, ownPath(value, place))
    else if (name === 'link') put(name, ownLinks(value, place))
    else if (TOLD.has(name) || RATES.test(name) || place.declared.includes(name)) put(name, value)
  }
  const type = headerOf(headers, 'content-type')
  if (type !== undefined) {
    put('content-type', readMediaType(type) === undefined ? 'application/octet-stream' : type)
  }
  return out
}
