// Holds what a file refers to: everything that it imports, in every form that the language and our workers have.

import type { Token } from './tokens.ts'

/** One reference, as written. */
export interface Reference {
  /** `./x.ts`, `zod`, `node:fs`. */
  readonly to: string
  /** `file` is a file named by URL: a worker, or a program run as a child. */
  readonly form: 'static' | 'dynamic' | 'file'
  readonly line: number
}

/**
 * References in order: `import … from`, `import type`, `export … from`, `import 'x'`, `import('x')` also as a type,
 * `require('x')`, and `new URL('./x.ts', import.meta.url)`, whose text has no `./` where it stands in code made of text.
 */
export function referencesOf(tokens: readonly Token[]): Reference[] {
  const found: Reference[] = []
  for (let at = 0; at < tokens.length; at++) {
    const reference = callOf(tokens, at) ?? urlOf(tokens, at) ?? statementOf(tokens, at)
    if (reference !== undefined) found.push(reference)
  }
  return found
}

function is(token: Token | undefined, text: string): boolean {
  return token !== undefined && token.kind !== 'text' && token.text === text
}

/** `import('x')`, `require('x')`, `require.resolve('x')`. */
function callOf(tokens: readonly Token[], at: number): Reference | undefined {
  if (is(tokens[at - 1], '.')) return undefined
  const resolve = is(tokens[at], 'require') && is(tokens[at + 1], '.') ? 2 : 0
  const named = is(tokens[at], 'import') || is(tokens[at], 'require')
  if (!named || !is(tokens[at + resolve + 1], '(')) return undefined
  const name = tokens[at + resolve + 2]
  if (name?.kind !== 'text') return undefined
  return { to: name.text, form: 'dynamic', line: name.line }
}

/** `new URL('./x.ts', import.meta.url)`: only a TypeScript file is a reference; a folder or a vector is data. */
function urlOf(tokens: readonly Token[], at: number): Reference | undefined {
  if (!is(tokens[at], 'new') || !is(tokens[at + 1], 'URL') || !is(tokens[at + 2], '(')) return
  const name = tokens[at + 3]
  if (name?.kind !== 'text' || !name.text.endsWith('.ts')) return undefined
  const tail = [',', 'import', '.', 'meta', '.', 'url']
  if (!tail.every((text, i) => is(tokens[at + 4 + i], text))) return undefined
  return {
    to: name.text.startsWith('.') ? name.text : `./${name.text}`,
    form: 'file',
    line: name.line,
  }
}

/** `import 'x'`, and the `from 'x'` of an import or an export. */
function statementOf(tokens: readonly Token[], at: number): Reference | undefined {
  const name = tokens[at + 1]
  if (name?.kind !== 'text' || is(tokens[at - 1], '.')) return undefined
  const bare = is(tokens[at], 'import')
  if (!bare && !(is(tokens[at], 'from') && statementStarts(tokens, at))) return undefined
  return { to: name.text, form: 'static', line: name.line }
}

/** Whether the words before a `from` are those of an import or an export: names, braces, commas and stars only. */
function statementStarts(tokens: readonly Token[], from: number): boolean {
  for (let at = from - 1; at >= 0; at--) {
    const token = tokens[at]!
    if (is(token, 'import') || is(token, 'export')) return true
    const named = token.kind === 'word' || token.kind === 'text'
    if (!named && !['{', '}', ',', '*'].includes(token.text)) return false
  }
  return false
}
