// Holds what is wrong with a set of policies, told by file, line and column, with the name that was probably meant.

import type { DetailedError } from '@cedar-policy/cedar-wasm/nodejs'
import type { PolicyCode } from './faults.ts'
import { fromByteOffset, placeAt } from './source.ts'

/** One thing that is wrong, or in doubt. */
export interface Problem {
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1, in characters. */
  readonly column: number
  /** A code of POLICY_FAULTS. */
  readonly code: PolicyCode
  /** Lower case, no full stop. */
  readonly message: string
  readonly help?: string
}

/** A policy's text inside its file. */
export interface Span {
  readonly file: string
  /** The whole file. */
  readonly source: string
  /** The policy, and its UTF-16 offset in the file. */
  readonly text: string
  readonly start: number
}

const PREFIX = /^(?:failed to parse policy from string: |for policy `(?:[^`]*)`, )/

/** A problem at an offset of a policy. */
export function problemAt(
  span: Span,
  offset: number,
  code: PolicyCode,
  message: string,
  help?: string | null,
): Problem {
  const place = placeAt(span.source, span.start + offset)
  return { file: span.file, ...place, code, message, ...(help ? { help } : {}) }
}

/** A problem as the library tells it, with its place, and any letter named that only looks like an ASCII one. */
export function libraryProblem(span: Span, code: PolicyCode, error: DetailedError): Problem {
  const where = error.sourceLocations?.[0]
  const from = where === undefined ? 0 : fromByteOffset(span.text, where.start)
  const to = where === undefined ? 0 : fromByteOffset(span.text, where.end)
  const odd = foreign(span.text.slice(from, to))
  const help = [error.help, odd && `it is written with ${odd}`].filter(Boolean).join('; ')
  return problemAt(span, from, code, error.message.replace(PREFIX, ''), help)
}

/** The characters of a short text that are not ASCII, by code point. */
function foreign(text: string): string | undefined {
  if (text.length > 200) return undefined
  const points = Array.from(text)
    .filter((c) => c > '\u007f')
    .map((c) => c.codePointAt(0)!.toString(16))
  if (points.length === 0) return undefined
  return [...new Set(points)]
    .slice(0, 5)
    .map((p) => `U+${p.toUpperCase().padStart(4, '0')}`)
    .join(' ')
}

/** The candidate that a name was probably meant to be: at most two edits away, or undefined. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined
  let least = 3
  for (const candidate of candidates) {
    const edits = distance(name.slice(0, 64), candidate)
    if (edits < least) [best, least] = [candidate, edits]
  }
  return best
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(swap, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
