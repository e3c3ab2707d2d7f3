// Holds the second reading of a text: its escapes resolved, with the way back to where each character stood.

import type { Effort } from './effort.ts'

/** How often what was resolved is resolved again: an escape inside an escape. */
const LAYERS = 3

/**
 * One escape of JSON, JavaScript, URLs or HTML. Each alternative begins with a character of its own and is bounded, so that a text
 * is read in one pass.
 */
const ESCAPE =
  /\\(?:u\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|(["'\\/bfnrt]))|%([0-9A-Fa-f]{2})|&#[xX]([0-9A-Fa-f]{1,6});?|&#([0-9]{1,7});?|&(amp|lt|gt|quot|apos|colon|sol|period|commat|num|percnt|equals|lowbar|hyphen|plus|Tab|NewLine);/g

const SHORT: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  colon: ':',
  sol: '/',
  period: '.',
  commat: '@',
  num: '#',
  percnt: '%',
  equals: '=',
  lowbar: '_',
  hyphen: '-',
  plus: '+',
  Tab: '\t',
  NewLine: '\n',
}

function point(code: number): string {
  return code > 0x10_ff_ff || (code >= 0xd8_00 && code <= 0xdf_ff && code > 0xff_ff)
    ? '\ufffd'
    : String.fromCodePoint(code)
}

function resolve(groups: readonly (string | undefined)[]): string {
  const [, braced, unit, byte, short, percent, hex, decimal, name] = groups
  const code = braced ?? unit ?? byte ?? percent ?? hex
  if (code !== undefined) return point(Number.parseInt(code, 16))
  if (decimal !== undefined) return point(Number(decimal))
  if (name !== undefined) return NAMED[name]!
  return SHORT[short!] ?? short!
}

/** A text read again. */
export interface Decoded {
  readonly text: string
  /** Where in the original the character at `at` of `text` began; of its length, the original's length. */
  origin(at: number): number
  /** From where on the original was not read any further; absent: all of it was. */
  readonly unread?: number
}

/** One pass: the text with its escapes resolved, and at which places of both texts each of them ended. */
function layer(text: string, effort: Effort): Decoded | undefined {
  const ends: number[] = []
  const sources: number[] = []
  let out = ''
  let at = 0
  let unread: number | undefined
  for (const match of text.matchAll(ESCAPE)) {
    if (effort.escapes <= 0) {
      unread = match.index
      break
    }
    effort.escapes -= 1
    const resolved = resolve(match)
    out += text.slice(at, match.index)
    // Where the escape begins, and where what follows it does.
    ends.push(out.length, out.length + resolved.length)
    at = match.index + match[0].length
    sources.push(match.index, at)
    out += resolved
  }
  if (ends.length === 0 && unread === undefined) return undefined
  out += text.slice(at)
  const origin = (place: number): number => {
    let low = 0
    let high = ends.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (ends[middle]! <= place) low = middle + 1
      else high = middle
    }
    if (low === 0) return place
    const anchor = low - 1
    // Inside an escape every character begins where the escape does.
    return anchor % 2 === 0 && place < (ends[anchor + 1] ?? Infinity)
      ? sources[anchor]!
      : sources[anchor]! + (place - ends[anchor]!)
  }
  return { text: out, origin, ...(unread !== undefined && { unread }) }
}

/** True where a text can hold an escape at all. */
function mayHoldEscapes(text: string): boolean {
  return text.includes('\\') || text.includes('%') || text.includes('&')
}

/**
 * Every further reading of a text: backslash escapes, percent encoding and HTML references resolved, and what came of it resolved
 * again. Bytes that percent encoding writes are taken as Latin-1 each: a secret beyond ASCII is among the forms as its bytes are.
 */
export function* readings(text: string, effort: Effort): Generator<Decoded> {
  let above: Decoded = { text, origin: (at) => at }
  for (let depth = 0; depth < LAYERS && mayHoldEscapes(above.text); depth += 1) {
    const found = layer(above.text, effort)
    if (found === undefined) return
    const outer = above
    const origin = (at: number): number => outer.origin(found.origin(at))
    const unread =
      outer.unread ?? (found.unread === undefined ? undefined : outer.origin(found.unread))
    above = { text: found.text, origin, ...(unread !== undefined && { unread }) }
    yield above
  }
}
