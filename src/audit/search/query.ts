// Holds the query language of the record: `agent:billing decision:deny since:2h refund`.

import type { AuditRecord } from '../../wire/record.ts'
import { searchFault } from './faults.ts'
import { SEARCH_KEYS, termsOf, termText, words, type SearchKey, type Term } from './terms.ts'

/** A query, read: all of it holds at once. */
export interface SearchQuery {
  readonly terms: readonly Term[]
  /** Records from this time on, ms since the epoch. */
  readonly since?: number
  /** Records before this time. */
  readonly until?: number
}

const QUERY_MAX = 1_000
const TERMS_MAX = 16
const UNITS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}
const KEYS: ReadonlySet<string> = new Set([...SEARCH_KEYS, 'since', 'until'])

/**
 * Reads a query. `key:value` with the keys of `SEARCH_KEYS`, `since:` and `until:` with a time (RFC 3339, or 30m, 2h, 7d ago), values with
 * spaces in double quotes; everything else is words. Throws `search.query`, saying where.
 */
export function parseSearch(text: string, now: number): SearchQuery {
  if (text.length > QUERY_MAX) throw searchFault('search.query', 'the query is too long')
  const terms: Term[] = []
  let since: number | undefined
  let until: number | undefined
  for (const { key, value, at } of tokens(text)) {
    if (key === 'since') since = timeOf(value, now, at)
    else if (key === 'until') until = timeOf(value, now, at)
    else if (key !== undefined && key !== 'word') terms.push([key as SearchKey, value])
    else for (const word of words(value)) terms.push(['word', word])
  }
  if (terms.length > TERMS_MAX)
    throw searchFault('search.query', `a query has at most ${TERMS_MAX} conditions`)
  return {
    terms,
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  }
}

/** Whether a record is what a query asks for. */
export function matches({ terms, since, until }: SearchQuery, record: AuditRecord): boolean {
  if (since !== undefined || until !== undefined) {
    const ts = Date.parse(record.ts)
    if (since !== undefined && ts < since) return false
    if (until !== undefined && ts >= until) return false
  }
  if (terms.length === 0) return true
  const has = termsOf(record)
  return terms.every((term) => has.has(termText(term)))
}

/** The query as text that says the same, whatever its order: what a cursor is bound to. */
export function canonicalQuery({ terms, since, until }: SearchQuery): string {
  const sorted = terms.map(([key, value]) => JSON.stringify([key, value])).toSorted()
  return JSON.stringify([sorted, since ?? null, until ?? null])
}

interface Token {
  readonly key: string | undefined
  readonly value: string
  /** From 1. */
  readonly at: number
}

function* tokens(text: string): Generator<Token> {
  const pattern = /\s*(?:([a-z]+):)?(?:"([^"]*)"|([^\s"]+))/gy
  for (let at = 0; text.slice(at).trim() !== '';) {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match === null) throw wrong(at, 'a quote is not closed, or a value is missing')
    const [whole, key, quoted, plain = ''] = match
    const start = at + whole.length - whole.trimStart().length
    const value = quoted ?? plain
    const bare = /^([a-z]+):$/.exec(plain)?.[1]
    if (key === undefined && bare !== undefined && KEYS.has(bare)) {
      throw wrong(start, `\`${bare}\` has no value`)
    }
    if (key !== undefined && !KEYS.has(key)) {
      throw wrong(
        start,
        `\`${key}\` is not one of ${[...KEYS].filter((one) => one !== 'word').join(', ')}`,
      )
    }
    if (key !== undefined && value === '') throw wrong(start, `\`${key}\` has no value`)
    yield { key, value, at: start + 1 }
    at += whole.length
  }
}

function timeOf(text: string, now: number, at: number): number {
  const [, count, unit = ''] = /^(\d{1,6})([smhdw])$/.exec(text) ?? []
  if (count !== undefined) return now - Number(count) * (UNITS[unit] ?? 0)
  const ms = /^\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))?$/.test(text)
    ? Date.parse(text)
    : NaN
  if (Number.isNaN(ms))
    throw wrong(at - 1, 'a time is like 2h, 7d, 2026-11-23 or 2026-11-23T10:00:00Z')
  return ms
}

function wrong(at: number, why: string): Error {
  return searchFault('search.query', `character ${at + 1} of the query: ${why}`)
}
