// Holds the reading of TypeScript into tokens: enough to see code apart from comments and texts, and no more.

/** A piece of code. Comments and white space are none. */
export interface Token {
  readonly kind: 'word' | 'text' | 'mark' | 'pattern'
  /** A word or mark as written; a text or piece of a template without its quotes, escapes not resolved. */
  readonly text: string
  /** Line, from 1. */
  readonly line: number
}

// What may stand before a `/` that begins a regular expression rather than divides.
const BEFORE_PATTERN = new Set(
  'return typeof case in of do else void delete await yield throw new instanceof'.split(' '),
)
const WORD = /[\p{ID_Start}$_#@][\p{ID_Continue}$\u200c\u200d]*/uy
const NUMBER = /\.?[0-9](?:[0-9a-zA-Z_.]|(?<=[eE])[+-])*/y
const PATTERN = /\/(?![*/])(?:[^\\/[\n]|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n])*\])+\/[a-z]*/y
const SPACE = /\s+/y
const QUOTED = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y

class Scanner {
  readonly source: string
  readonly tokens: Token[] = []
  at = 0
  line = 1

  constructor(source: string) {
    this.source = source
  }

  /** Takes what `form` matches here, if it does. */
  take(form: RegExp): string | undefined {
    form.lastIndex = this.at
    const found = form.exec(this.source)?.[0]
    if (found === undefined) return undefined
    this.at += found.length
    return found
  }

  push(kind: Token['kind'], text: string, taken: string): void {
    this.tokens.push({ kind, text, line: this.line })
    this.countLines(taken)
  }

  countLines(taken: string): void {
    for (let at = taken.indexOf('\n'); at >= 0; at = taken.indexOf('\n', at + 1)) this.line++
  }

  /** Reads to the end, or to the brace that closes a template's expression. */
  code(inTemplate: boolean): void {
    let depth = 0
    while (this.at < this.source.length) {
      const c = this.source[this.at]!
      if (inTemplate && c === '}' && depth === 0) return
      if (c === '{') depth++
      if (c === '}') depth--
      this.one(c)
    }
    if (inTemplate) throw new Error(`line ${this.line}: a template does not end`)
  }

  one(c: string): void {
    const skipped = this.take(SPACE) ?? this.take(COMMENT)
    if (skipped !== undefined) return this.countLines(skipped)
    if (c === '`') return this.template()
    const quoted = this.take(QUOTED)
    if (quoted !== undefined) return this.push('text', quoted.slice(1, -1), quoted)
    const word = this.take(WORD) ?? this.take(NUMBER)
    if (word !== undefined) return this.push('word', word, word)
    const pattern = c === '/' && this.patternMayStart() ? this.take(PATTERN) : undefined
    if (pattern !== undefined) return this.push('pattern', pattern, pattern)
    if (c === "'" || c === '"') throw new Error(`line ${this.line}: a text does not end`)
    this.at++
    this.push('mark', c, c)
  }

  patternMayStart(): boolean {
    const before = this.tokens.at(-1)
    if (before === undefined) return true
    if (before.kind === 'word') return BEFORE_PATTERN.has(before.text)
    return before.kind === 'mark' && ![')', ']', '}'].includes(before.text)
  }

  /** A template: its pieces are texts, and between them stands code. */
  template(): void {
    let start = ++this.at
    for (; this.at < this.source.length; this.at++) {
      const c = this.source[this.at]
      if (c === '\\') this.at++
      else if (c === '`' || (c === '$' && this.source[this.at + 1] === '{')) {
        const piece = this.source.slice(start, this.at)
        this.push('text', piece, piece)
        if (c === '`') {
          this.at++
          return
        }
        this.at += 2
        this.code(true)
        start = this.at + 1
      }
    }
    throw new Error(`line ${this.line}: a template does not end`)
  }
}

/** The tokens of a source text in order. Throws where a text or a template does not end. */
export function tokensOf(source: string): readonly Token[] {
  const scanner = new Scanner(source)
  scanner.code(false)
  return scanner.tokens
}

/** Lines on which these words and marks begin to stand one after the other, as code and not within a text. */
export function linesWith(tokens: readonly Token[], sequence: readonly string[]): number[] {
  const lines: number[] = []
  tokens.forEach((token, at) => {
    const all = sequence.every((text, i) => {
      const next = tokens[at + i]
      return next?.text === text && next.kind !== 'text'
    })
    if (all) lines.push(token.line)
  })
  return lines
}
