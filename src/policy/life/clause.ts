// Holds the clauses of a policy: each `when` and `unless` with its text and its place, as they were written.

/** One `when { … }` or `unless { … }`. */
export interface Clause {
  readonly kind: 'when' | 'unless'
  /** What stands between its braces, exactly. */
  readonly text: string
  /** The same without comments, with one space between tokens: equal for equal conditions. */
  readonly tokens: string
  /** UTF-16 offset of the word in the policy's text. */
  readonly start: number
}

/** A policy's text in its parts. */
export interface Parts {
  /** Annotations, effect and scope: everything before the first clause. */
  readonly head: string
  readonly clauses: readonly Clause[]
}

const TOKEN =
  /(?<blank>\s+|\/\/[^\n\r]*)|"(?:[^"\\]|\\[^])*"|[A-Za-z_][A-Za-z_0-9]*|[0-9]+|\|\||&&|::|[=!<>]=|[^]/y

interface Token {
  readonly text: string
  readonly at: number
}

function tokensOf(text: string): Token[] {
  const out: Token[] = []
  for (let at = 0; at < text.length;) {
    TOKEN.lastIndex = at
    const match = TOKEN.exec(text)!
    if (match.groups?.['blank'] === undefined) out.push({ text: match[0], at })
    at += match[0].length
  }
  return out
}

/** The parts of a policy that the library has parsed: its brackets are balanced, and its clauses stand last. */
export function partsOf(text: string): Parts {
  const tokens = tokensOf(text)
  const clauses: Clause[] = []
  let head = text.replace(/;\s*$/, '')
  let depth = 0
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!
    if ('([{'.includes(token.text)) depth++
    else if (')]}'.includes(token.text)) depth--
    else if (depth === 0 && (token.text === 'when' || token.text === 'unless')) {
      // An annotation's name may be either word as well.
      if (tokens[at - 1]?.text === '@' || tokens[at + 1]?.text !== '{') continue
      if (clauses.length === 0) head = text.slice(0, token.at)
      const end = closing(tokens, at + 1)
      const inside = tokens.slice(at + 2, end)
      const from = tokens[at + 1]!.at + 1
      clauses.push({
        kind: token.text,
        text: text.slice(from, tokens[end]?.at ?? text.length),
        tokens: inside.map((one) => one.text).join(' '),
        start: token.at,
      })
      at = end
    }
  }
  return { head, clauses }
}

/** The same policy as a permit of the same scope, without its clauses. */
export function headAsPermit(text: string): string {
  const { head } = partsOf(text)
  const tokens = tokensOf(head)
  const word = tokens.find(({ text: one }, at) => one === 'forbid' && tokens[at - 1]?.text !== '@')
  if (word === undefined) return head
  return `${head.slice(0, word.at)}permit${head.slice(word.at + word.text.length)}`
}

/** A policy's tokens, with one space between them: equal where nothing but space and comments differ. */
export function normalised(text: string): string {
  return tokensOf(text)
    .map((token) => token.text)
    .join(' ')
}

/** Where the bracket that opens at an index is closed. */
function closing(tokens: readonly Token[], open: number): number {
  let depth = 0
  for (let at = open; at < tokens.length; at++) {
    const { text } = tokens[at]!
    if ('([{'.includes(text)) depth++
    else if (')]}'.includes(text) && --depth === 0) return at
  }
  return tokens.length
}
