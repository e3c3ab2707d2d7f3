// Holds what of a record can be searched for: its terms, a key and a value each. What matches is decided by them alone.

import { isObject, type Json } from '../../std/json.ts'
import type { AuditRecord } from '../../wire/record.ts'

/** Keys that a query may name. `word` is what stands in a query without one. */
export const SEARCH_KEYS = [
  'agent',
  'instance',
  'person',
  'task',
  'trace',
  'call',
  'system',
  'action',
  'type',
  'phase',
  'gateway',
  'decision',
  'code',
  'status',
  'label',
  'effect',
  'policy',
  'approval',
  'lock',
  'finding',
  'word',
] as const

/** A key that a query may name. */
export type SearchKey = (typeof SEARCH_KEYS)[number]

/** One thing that is true of a record. */
export type Term = readonly [key: SearchKey, value: string]

/** Characters of a value, and of a word; what is longer is not searched for. */
const VALUE_MAX = 200
const WORD_MAX = 40
/** Terms of one record: what an agent may make large (labels, policies) is cut, the fixed ones come first. */
const TERMS_MAX = 64

/** A term as one text. Keys have no space, so no two terms have the same. */
export function termText([key, value]: Term): string {
  return `${key} ${value}`
}

/** The texts of the terms of a record. Nothing that people typed is among them: it is not in the record. */
export function termsOf(record: AuditRecord): ReadonlySet<string> {
  const { body } = record
  const terms = new Set<string>()
  const add = (key: SearchKey, value: Json | undefined): void => {
    if (typeof value !== 'string' || value === '' || value.length > VALUE_MAX) return
    if (terms.size < TERMS_MAX) terms.add(`${key} ${value}`)
  }
  add('type', record.type)
  // `call.*`: everything whose type begins so.
  add('type', `${record.type.split('.')[0] ?? ''}.*`)
  for (const key of [
    'phase',
    'gateway',
    'agent',
    'instance',
    'person',
    'call',
    'system',
    'action',
  ] as const) {
    add(key, record[key])
  }
  add('task', record.task ?? body['task'])
  add('trace', record.trace)
  const decision = isObject(body['decision']) ? body['decision'] : {}
  add('decision', record.type === 'call.denied' ? 'deny' : decision['answer'])
  if (body['observed'] === true || decision['observed'] === true) add('decision', 'observed')
  if (record.type === 'approval.requested') add('decision', 'hold')
  for (const key of ['code', 'status', 'approval', 'lock', 'finding'] as const) add(key, body[key])
  for (const effect of list(body['effects'])) add('effect', effect)
  for (const label of list(body['labels'])) add('label', label)
  for (const party of list(decision['parties'])) {
    for (const policy of isObject(party) ? list(party['policies']) : []) add('policy', policy)
  }
  for (const word of wordsOf(record, decision['reason'])) add('word', word)
  return terms
}

/** Words in a text: letters and digits, in lower case. */
export function words(text: string): string[] {
  const found =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  return found.filter((word) => word.length <= WORD_MAX)
}

/** Free text is over what is ours and over names: the action, the code, the reason of a decision, the policies. */
function wordsOf(
  { type, action, system, agent, body }: AuditRecord,
  reason: Json | undefined,
): string[] {
  const texts = [type, action, system, agent, body['code'], body['reason'], reason]
  const found: string[] = []
  for (const text of texts) {
    if (typeof text === 'string') found.push(...knownWords(text.slice(0, VALUE_MAX)))
  }
  return found
}

/** Names and reasons come again and again: the words of so many of them are kept. */
const KNOWN_MAX = 4_096
const KNOWN = new Map<string, readonly string[]>()

function knownWords(text: string): readonly string[] {
  const known = KNOWN.get(text)
  if (known !== undefined) return known
  const found = words(text)
  if (KNOWN.size >= KNOWN_MAX) KNOWN.clear()
  KNOWN.set(text, found)
  return found
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value.slice(0, TERMS_MAX) : []
}
