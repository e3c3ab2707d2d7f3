// Holds the tokens of a policy's text, for what explains it; whether the text is right is the library's to say.

/** A token and where it begins in the text. */
export interface Token {
  readonly text: string
  readonly start: number
}

const TOKEN =
  /(?<blank>\s+|\/\/[^\n\r]*)|"(?:[^"\\]|\\[^])*"|[A-Za-z_][A-Za-z_0-9]*|[0-9]+|\|\||&&|::|[=!<>]=|[^]/y

/** The tokens of a text, without blanks and comments. */
export function policyTokens(text: string): Token[] {
  const out: Token[] = []
  for (let at = 0; at < text.length;) {
    TOKEN.lastIndex = at
    const match = TOKEN.exec(text)!
    if (match.groups?.['blank'] === undefined) out.push({ text: match[0], start: at })
    at += match[0].length
  }
  return out
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '0': '\0',
  '\\': '\\',
  '"': '"',
  "'": "'",
}

/** The text that a string token means; undefined where it is none, or has an escape that only patterns have. */
export function stringOf(token: Token | undefined): string | undefined {
  if (token === undefined || !token.text.startsWith('"')) return undefined
  let odd = false
  const value = token.text
    .slice(1, -1)
    .replaceAll(/\\(?:u\{([0-9a-fA-F]{1,6})\}|x([0-9a-fA-F]{2})|([^]))/g, (_, u, x, c) => {
      const code: unknown = u ?? x
      if (typeof code === 'string') {
        const point = Number.parseInt(code, 16)
        if (point <= 0x10ffff) return String.fromCodePoint(point)
      }
      const plain = typeof c === 'string' ? ESCAPES[c] : undefined
      if (plain === undefined) odd = true
      return plain ?? ''
    })
  return odd ? undefined : value
}
