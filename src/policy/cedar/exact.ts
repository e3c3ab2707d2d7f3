// Holds the exact reading of a policy's integers: the library's JSON rounds those beyond 2^53, the policy's text does not.

import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import type { ReadInteger } from './literal.ts'

/** A policy in the library's JSON, and how its integers are read. */
export interface ExactPolicy {
  readonly json: PolicyJson
  readonly integer: ReadInteger
}

/** Cedar's tokens, as far as finding integers takes: none stands inside a string, a comment or a name. */
const TOKEN = /\/\/[^\n\r]*|"(?:[^"\\]|\\[^])*"|[A-Za-z_][A-Za-z_0-9]*|(?<digits>[0-9]+)|[^]/gy

/** The greatest integer that is put in the place of another: a double holds it, and everything below. */
const FIRST = Number.MAX_SAFE_INTEGER

/** Fewer digits say nothing that a double does not hold. */
const DIGITS = 16
const LONG_RUN = /[0-9]{16}/

function small(written: number): bigint {
  if (Number.isSafeInteger(written)) return BigInt(written)
  throw new RangeError('an integer of a policy was rounded on its way')
}

/**
 * Reads a policy whose text the library has parsed to `json`. Where the text has an integer that a double does not hold, each such
 * integer is replaced by one that stands nowhere in the text, the library parses that, and `integer` puts the exact one back:
 * the library folds a minus before a literal into it, so both signs are looked up. `parse` is the library's; whatever it throws
 * is thrown.
 */
export function exactly(
  text: string,
  json: PolicyJson,
  parse: (text: string) => PolicyJson,
): ExactPolicy {
  if (!LONG_RUN.test(text)) return { json, integer: small }
  const given = new Map<bigint, number>()
  const taken = new Set<bigint>()
  for (const { groups } of text.matchAll(TOKEN)) {
    const digits = groups?.['digits']
    if (digits === undefined || digits.length < DIGITS) continue
    const value = BigInt(digits)
    taken.add(value)
    if (value > BigInt(FIRST)) given.set(value, 0)
  }
  if (given.size === 0) return { json, integer: small }
  const back = new Map<number, bigint>()
  let next = FIRST
  for (const value of given.keys()) {
    while (taken.has(BigInt(next))) next--
    given.set(value, next)
    back.set(next, value)
    next--
  }
  const replaced = text.replace(TOKEN, (token) =>
    token.length >= DIGITS && /^[0-9]+$/.test(token) ? String(given.get(BigInt(token)) ?? token) : token,
  )
  const integer: ReadInteger = (written) => {
    const size = back.get(Math.abs(written))
    if (size === undefined) return small(written)
    return written < 0 ? -size : size
  }
  return { json: parse(replaced), integer }
}
