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

/** Problems as they stand in their files: file by file as they were named, from top to bottom. The same problems are always told alike. */
export function inOrder(
  problems: readonly Problem[],
  files: readonly { readonly file: string }[],
): Problem[] {
  const rank = new Map(files.map(({ file }, at) => [file, at]))
  const of = ({ file }: Problem): number => rank.get(file) ?? -1
  return [...problems].sort(
    (a, b) =>
      of(a) - of(b) ||
      a.line - b.line ||
      a.column - b.column ||
      byText(a.code, b.code) ||
      byText(a.message, b.message),
  )
}

/** Compares texts by their code units, the same everywhere. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** A name without what people mistake most: capitals, and what stands between words. */
function bare(name: string): string {
  return name.toLowerCase().replaceAll(/[-_. ]/g, '')
}

/**
 * The candidate that a name was probably meant to be: the same but for capitals and what stands between words, or at most two edits away; or
 * undefined. One edit is all that is forgiven of up to three characters.
 */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  if (name.length > 200) return undefined
  const alike = candidates.find((candidate) => bare(candidate) === bare(name))
  if (alike !== undefined) return alike
  let best: string | undefined
  let least = name.length <= 3 ? 2 : 3
  for (const candidate of candidates) {
    // Lengths that differ so much are as many edits.
    if (Math.abs(candidate.length - name.length) >= least) continue
    const edits = distance(name, candidate, least)
    if (edits < least) [best, least] = [candidate, edits]
  }
  return best
}

/**
 * Levenshtein distance where it is below `most`; `most` where it is not. Looks no further from the diagonal than that, and touches
 * nothing else of its two rows.
 */
function distance(a: string, b: string, most: number): number {
  let row = Uint16Array.from({ length: b.length + 2 }, (_, i) => Math.min(i, most))
  let next = new Uint16Array(b.length + 2)
  for (let i = 1; i <= a.length; i++) {
    const first = Math.max(1, i - most)
    const last = Math.min(b.length, i + most)
    next[first - 1] = first === 1 ? Math.min(i, most) : most
    next[last + 1] = most
    let least = next[first - 1]!
    for (let j = first; j <= last; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const edits = Math.min(swap, row[j]! + 1, next[j - 1]! + 1, most)
      next[j] = edits
      least = Math.min(least, edits)
    }
    if (least >= most) return most
    ;[row, next] = [next, row]
  }
  return row[b.length]!
}
