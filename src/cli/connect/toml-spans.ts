// Holds where the statements of a TOML text stand. The text has been parsed by the library: this only finds what is in it.

/** One `key = value`, or one table header. */
export interface Span {
  readonly kind: 'statement' | 'header'
  /** Keys from the root of the document. */
  readonly path: readonly string[]
  /** How many of them the table of the statement has. */
  readonly depth: number
  /** Offset of the beginning of its line, and behind the end of its last one. */
  readonly start: number
  readonly end: number
}

const BARE = /[A-Za-z0-9_-]+/y
const BASIC = /"(?:[^"\\\n]|\\.)*"/y
const LITERAL = /'[^'\n]*'/y
const LONG_BASIC = /"""(?:[^\\]|\\[\s\S])*?"""+/y
const LONG_LITERAL = /'''[\s\S]*?'''+/y
const BLANK = /[ \t]*/y

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

/** A dotted key at an offset, and where it ends. */
function keyAt(text: string, from: number): { readonly path: string[]; readonly end: number } {
  const path: string[] = []
  let at = from
  for (;;) {
    at += match(BLANK, text, at)?.length ?? 0
    const bare = match(BARE, text, at)
    const quoted = bare === undefined ? (match(BASIC, text, at) ?? match(LITERAL, text, at)) : bare
    if (quoted === undefined) return { path, end: at }
    at += quoted.length
    path.push(quoted.startsWith('"') ? unescaped(quoted) : quoted.replace(/^'(.*)'$/s, '$1'))
    at += match(BLANK, text, at)?.length ?? 0
    if (text[at] !== '.') return { path, end: at }
    at++
  }
}

function unescaped(quoted: string): string {
  const json = quoted
    .replaceAll(/\\U([0-9A-Fa-f]{8})/g, (_, digits: string) =>
      JSON.stringify(String.fromCodePoint(parseInt(digits, 16))).slice(1, -1),
    )
    .replaceAll('\\e', '\\u001b')
  return JSON.parse(json) as string
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end < 0 ? text.length : end + 1
}

/** Behind the last line of a value that begins at an offset. */
function valueEnd(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length;) {
    const string =
      match(LONG_BASIC, text, at) ??
      match(LONG_LITERAL, text, at) ??
      match(BASIC, text, at) ??
      match(LITERAL, text, at)
    if (string !== undefined) {
      at += string.length
      continue
    }
    const character = text[at]!
    if (character === '#') {
      at = lineEnd(text, at)
      if (depth === 0) return at
      continue
    }
    at++
    if (character === '[' || character === '{') depth++
    else if (character === ']' || character === '}') depth--
    else if (character === '\n' && depth === 0) return at
  }
  return text.length
}

/** Every statement and header of a text that is TOML, in order. */
export function tomlSpans(text: string): Span[] {
  const spans: Span[] = []
  let table: readonly string[] = []
  for (let start = 0; start < text.length;) {
    const at = start + (match(BLANK, text, start)?.length ?? 0)
    const character = text[at]
    if (character === undefined || character === '\n' || character === '\r' || character === '#') {
      start = lineEnd(text, at)
      continue
    }
    if (character === '[') {
      const inner = text[at + 1] === '[' ? at + 2 : at + 1
      table = keyAt(text, inner).path
      const end = lineEnd(text, at)
      spans.push({ kind: 'header', path: table, depth: table.length, start, end })
      start = end
      continue
    }
    const key = keyAt(text, at)
    const end = valueEnd(text, key.end + 1)
    const path = [...table, ...key.path]
    spans.push({ kind: 'statement', path, depth: table.length, start, end })
    start = Math.max(end, start + 1)
  }
  return spans
}
