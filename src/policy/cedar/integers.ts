// Holds the exact reading of integers in policy text, which the library's JSON form rounds beyond 2^53.

import type { ReadInteger } from './literal.ts'

const TOKEN = /\/\/[^\n\r]*|"(?:[^"\\]|\\[^])*"|[A-Za-z_][A-Za-z_0-9]*|[0-9]+|[^]/y

/** Digits that a double always holds exactly. */
const EXACT_DIGITS = 15

/** Where stand-ins begin: all of them are far below 2^53. */
const FIRST = 4_000_000_000_000_000

/** A policy's text in which every integer survives the library's JSON, and how to read the integers of that JSON. */
export interface ExactText {
  readonly text: string
  readonly integer: ReadInteger
}

/**
 * Puts a small stand-in, used nowhere else in the text, in place of every long literal. The parser treats both alike (a minus
 * before a literal becomes part of it), so the tree is the same but for these numbers. Only for text that the library has
 * accepted as it stands: a literal beyond 64 bits would no longer be noticed. Undefined where no literal is long.
 */
export function exactText(text: string): ExactText | undefined {
  const integers = new Set<string>()
  for (const token of tokens(text)) if (/^[0-9]/.test(token)) integers.add(token)
  const values = new Set([...integers].map(BigInt))
  const long = [...integers].filter((digits) => digits.length > EXACT_DIGITS)
  if (long.length === 0) return undefined
  const standIns = new Map<string, number>()
  const meant = new Map<number, bigint>()
  let next = FIRST
  for (const digits of long) {
    while (values.has(BigInt(next))) next++
    standIns.set(digits, next)
    meant.set(next, BigInt(digits))
    next++
  }
  return {
    text: [...tokens(text)].map((token) => standIns.get(token)?.toString() ?? token).join(''),
    integer(written) {
      const standsFor = meant.get(Math.abs(written))
      if (standsFor === undefined) return BigInt(written)
      return written < 0 ? -standsFor : standsFor
    },
  }
}

function* tokens(text: string): Generator<string> {
  for (let at = 0; at < text.length;) {
    TOKEN.lastIndex = at
    const [token] = TOKEN.exec(text)!
    yield token
    at += token.length
  }
}
