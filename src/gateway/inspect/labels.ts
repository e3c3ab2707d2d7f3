// Holds the labels that travel with an MCP result: what a system says of its own data, and what we say of it.

import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { Finding } from './finding.ts'

/** Where whoever reads a result finds what is known of it: information, and never control. */
export const LABELS_KEY = 'dev.bailiwick/labels'
/** Everything under this prefix is ours: a system that says it is not heard. */
const OURS = 'dev.bailiwick/'
/** Where a system says what it thinks of its own data (information flow hints, as GitHub's server gives them). */
const HINT = 'ifc'

const PUBLIC = ['public', 'low']
const TRUSTED = ['trusted', 'high']

/** What a system says can only add to what is known against its data: `trusted` and `public` say nothing here. */
function hear(hint: Json | undefined, finding: Finding, pointer: () => string): void {
  if (hint === undefined || !isObject(hint)) return
  const { integrity, confidentiality } = hint
  if (typeof integrity === 'string' && !TRUSTED.includes(integrity)) {
    finding.distrust()
    finding.label('untrusted', pointer)
  }
  if (typeof confidentiality === 'string' && !PUBLIC.includes(confidentiality)) {
    finding.label(confidentiality === 'secret' ? 'secret' : 'private', pointer)
  }
}

/** Takes from `_meta` of a result, and of its content, what is said of labels; our own keys are not passed on. */
export function heard(result: JsonObject, finding: Finding): JsonObject {
  const { content, _meta: meta } = result
  if (Array.isArray(content)) {
    for (const [at, block] of content.entries()) {
      const said = isObject(block) ? block['_meta'] : undefined
      if (isObject(said)) hear(said[HINT], finding, () => `/content/${at}`)
    }
  }
  if (!isObject(meta)) return result
  hear(meta[HINT], finding, () => '')
  const ours = Object.keys(meta).filter((key) => key.startsWith(OURS))
  if (ours.length === 0) return result
  const kept = Object.fromEntries(Object.entries(meta).filter(([key]) => !ours.includes(key)))
  return { ...result, _meta: kept }
}

/** The result with what is known of it; the same result where nothing is. */
export function labelled(result: JsonObject, finding: Finding): JsonObject {
  const said = finding.said()
  if (said === undefined) return result
  const { _meta: meta } = result
  const told: JsonObject = {
    trust: said.trust,
    labels: [...said.labels],
    fields: Object.fromEntries(Object.entries(said.fields).map(([at, of]) => [at, [...of]])),
  }
  return { ...result, _meta: { ...(isObject(meta) && meta), [LABELS_KEY]: told } }
}
