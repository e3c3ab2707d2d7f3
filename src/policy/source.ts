// Holds the reading of Cedar text before the library sees it: where each policy stands, and that none can overrun its stack.

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

/**
 * The deepest policy that is handed over. The library's own stack overran at about 256 (a chain of 256 operators, or 64
 * nested brackets, which count four each), and after that it fails for ever, for everybody.
 */
export const MAX_DEPTH = 160

const TOKEN =
  /(?<blank>\s+|\/\/[^\n\r]*)|"(?:[^"\\]|\\[^])*"|[A-Za-z_][A-Za-z_0-9]*|[0-9]+|\|\||&&|[=!<>]=|[^]/y
const OPEN = '([{'
const CLOSE = ')]}'

/** Operators by how loosely they bind. A chain of one kind nests once per operator; looser ones start a chain of tighter ones anew. */
const BINDING: Readonly<Record<string, number>> = {
  if: 0,
  '||': 1,
  '&&': 2,
  '==': 3,
  '!=': 3,
  '<': 3,
  '>': 3,
  '<=': 3,
  '>=': 3,
  in: 3,
  has: 3,
  like: 3,
  is: 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '!': 6,
  '.': 7,
  ':': 7,
}

/** An upper bound of the depth of one policy's syntax tree, kept while its tokens go by. */
class Depth {
  readonly levels = [new Level()]
  over = false

  take(token: string): void {
    const top = this.levels.at(-1)!
    if (OPEN.includes(token)) {
      top.operator(7)
      if (this.levels.length > MAX_DEPTH) this.over = true
      else this.levels.push(new Level())
    } else if (CLOSE.includes(token)) {
      if (this.levels.length > 1) this.close()
    } else if (token === ',') top.restart()
    else {
      const binding = BINDING[token]
      if (binding !== undefined) top.operator(binding)
    }
  }

  close(): void {
    const depth = this.levels.pop()!.depth() + 4
    const outer = this.levels.at(-1)!
    if (depth > outer.inner) outer.inner = depth
  }

  /** The bound for everything taken; brackets left open count as closed. */
  total(): number {
    while (this.levels.length > 1) this.close()
    return this.over ? Number.POSITIVE_INFINITY : this.levels[0]!.depth()
  }
}

class Level {
  chain = new Array<number>(8).fill(0)
  longest = new Array<number>(8).fill(0)
  inner = 0
  before = 0

  operator(binding: number): void {
    const length = ++this.chain[binding]!
    if (length > this.longest[binding]!) this.longest[binding] = length
    if (binding > 0) this.chain.fill(0, binding + 1)
  }

  /** After a comma comes a sibling: what was is only as deep as it was. */
  restart(): void {
    this.before = this.depth()
    this.chain.fill(0)
    this.longest.fill(0)
    this.inner = 0
  }

  depth(): number {
    let sum = this.inner
    for (const length of this.longest) sum += length
    return Math.max(sum, this.before)
  }
}

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
  return { line, column: [...before.slice(start)].length + 1 }
}
