// Holds what a detector is: it says where a text holds one kind of what policy can name.

import type { FoundKind } from '../../../wire/obligation.ts'
import type { Effort } from '../effort.ts'
import type { Span } from '../span.ts'

/** Finds one kind. Reads a text once, in time that grows with its length and nothing else (no backtracking without a bound). */
export interface Detector {
  readonly kind: FoundKind
  /** Adds a span for each that is there, in order. */
  find(text: string, spans: Span[], effort: Effort): void
}

/** True for `0` to `9`. */
export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

/** True for an ASCII letter or digit, and for every letter beyond ASCII: what a word goes on with. */
export function isWord(code: number): boolean {
  return isDigit(code) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code > 191
}
