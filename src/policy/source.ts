// Holds the reading of Cedar text before the library sees it: where each policy begins and ends.

import { Depth } from './depth.ts'

/** One policy's text and where it begins. */
export interface Piece {
  readonly text: string
  /** UTF-16 offset of its first character in the file. */
  readonly start: number
  /** Line of its first character, from 1. */
  readonly line: number
  /** Depth of its deepest expression, as the library's stack counts it. */
  readonly depth: number
  /** Offset inside the text of a template slot (`?principal`), if there is one. */
  readonly slot?: number
}

/** A place in a file, both from 1; columns count characters. */
export interface Place {
  readonly line: number
  readonly column: number
}

const TOKEN =
  /(?<blank>\s+|\/\/[^\n\r]*)|"(?:[^"\\]|\\[^])*"|[A-Za-z_][A-Za-z_0-9]*|[0-9]+|\|\||&&|[=!<>]=|[^]/y
/**
 * Divides a file into policies at its semicolons, which stand nowhere else outside strings and comments. Text after the
 * last one is a piece as well, so that the parser complains about it. Every piece is judged by the library; this
 * only says where it is.
 */
export function* pieces(text: string): Generator<Piece> {
  const lines = new Lines(text)
  let open: { start: number; depth: Depth; slot?: number } | undefined
  let end = 0
  const piece = (): Piece => {
    const { start, depth, slot } = open!
    const line = lines.at(start)
    const part = { text: text.slice(start, end), start, line, depth: depth.total() }
    return slot === undefined ? part : { ...part, slot }
  }
  for (let at = 0; at < text.length;) {
    TOKEN.lastIndex = at
    const match = TOKEN.exec(text)!
    const token = match[0]
    if (match.groups?.['blank'] === undefined) {
      open ??= { start: at, depth: new Depth() }
      end = at + token.length
      if (token === '?') open.slot ??= at - open.start
      open.depth.take(token)
    }
    at += token.length
    if (token === ';') {
      yield piece()
      open = undefined
    }
  }
  if (open !== undefined) yield piece()
}

/** Line numbers of offsets that only grow, in one pass over the text. */
class Lines {
  readonly text: string
  offset = 0
  line = 1
  constructor(text: string) {
    this.text = text
  }

  at(offset: number): number {
    for (;;) {
      const next = this.text.indexOf('\n', this.offset)
      if (next < 0 || next >= offset) return this.line
      this.offset = next + 1
      this.line++
    }
  }
}

/** The offset in UTF-16 units of an offset in UTF-8 bytes, which is how the library counts. */
export function fromByteOffset(text: string, bytes: number): number {
  return new TextDecoder().decode(new TextEncoder().encode(text).subarray(0, bytes)).length
}

/** Line and column of an offset. */
export function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  const start = before.lastIndexOf('\n') + 1
  return { line, column: Array.from(before.slice(start)).length + 1 }
}
