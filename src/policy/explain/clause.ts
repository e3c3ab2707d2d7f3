// Holds the conditions of a policy taken apart: its clauses as they are written, joined by and, or and not.

import { policyTokens, type Token } from './token.ts'

/** A condition, or a part of one. */
export type Clause =
  | { readonly kind: 'leaf'; readonly text: string; readonly tokens: readonly Token[] }
  | { readonly kind: 'all' | 'any'; readonly parts: readonly Clause[] }
  | { readonly kind: 'not'; readonly part: Clause }

/** One `when` or `unless` of a policy. */
export interface Condition {
  readonly kind: 'when' | 'unless'
  /** What stands between its braces. */
  readonly text: string
  readonly clause: Clause
}

const OPEN = '([{'
const CLOSE = ')]}'

/** The index of the bracket that closes the one at `open`; the end where there is none. */
function closing(tokens: readonly Token[], open: number): number {
  let depth = 0
  for (let at = open; at < tokens.length; at++) {
    const { text } = tokens[at]!
    if (text.length !== 1) continue
    if (OPEN.includes(text)) depth++
    else if (CLOSE.includes(text) && --depth === 0) return at
  }
  return tokens.length
}

/** The conditions of a policy's text, which the library has accepted; in the order in which they stand. */
export function conditionsOf(text: string): Condition[] {
  const tokens = policyTokens(text)
  let at = 0
  while (tokens[at]?.text === '@') {
    at += 2
    if (tokens[at]?.text === '(') at = closing(tokens, at) + 1
  }
  // The effect, and the scope in its brackets.
  at = closing(tokens, at + 1) + 1
  const out: Condition[] = []
  while (tokens[at]?.text === 'when' || tokens[at]?.text === 'unless') {
    const kind = tokens[at]!.text as Condition['kind']
    const end = closing(tokens, at + 1)
    const inside = tokens.slice(at + 2, end)
    out.push({ kind, text: written(text, inside), clause: clauseOf(text, inside) })
    at = end + 1
  }
  return out
}

/** Divides at an operator that stands outside of all brackets; undefined where there is none. */
function divided(tokens: readonly Token[], operator: string): Token[][] | undefined {
  const parts: Token[][] = [[]]
  let depth = 0
  for (const token of tokens) {
    if (token.text.length === 1 && OPEN.includes(token.text)) depth++
    if (token.text.length === 1 && CLOSE.includes(token.text)) depth--
    if (depth === 0 && token.text === operator) parts.push([])
    else parts.at(-1)!.push(token)
  }
  return parts.length > 1 ? parts : undefined
}

function inBrackets(tokens: readonly Token[]): boolean {
  return tokens[0]?.text === '(' && closing(tokens, 0) === tokens.length - 1
}

/** Reads an expression: what binds loosest first (Cedar's grammar: `if`, then `||`, then `&&`, then everything else). */
function clauseOf(text: string, tokens: readonly Token[]): Clause {
  const first = tokens[0]
  if (first !== undefined && first.text !== 'if') {
    for (const [operator, kind] of [
      ['||', 'any'],
      ['&&', 'all'],
    ] as const) {
      const parts = divided(tokens, operator)
      if (parts !== undefined) return { kind, parts: parts.map((part) => clauseOf(text, part)) }
    }
    if (inBrackets(tokens)) return clauseOf(text, tokens.slice(1, -1))
    const rest = tokens.slice(1)
    if (first.text === '!' && inBrackets(rest)) {
      return { kind: 'not', part: clauseOf(text, rest.slice(1, -1)) }
    }
  }
  return { kind: 'leaf', text: written(text, tokens), tokens }
}

/** Tokens as they stand in the text. */
function written(text: string, tokens: readonly Token[]): string {
  const first = tokens[0]
  const last = tokens.at(-1)
  if (first === undefined || last === undefined) return ''
  return text.slice(first.start, last.start + last.text.length)
}

/** A policy's conditions as one: it holds exactly where this does. */
export function wholeOf(conditions: readonly Condition[]): Clause {
  return {
    kind: 'all',
    parts: conditions.map(({ kind, clause }) =>
      kind === 'when' ? clause : { kind: 'not', part: clause },
    ),
  }
}

/** Every leaf, in the order of the text. */
export function leavesOf(clause: Clause): Extract<Clause, { kind: 'leaf' }>[] {
  if (clause.kind === 'leaf') return [clause]
  return clause.kind === 'not' ? leavesOf(clause.part) : clause.parts.flatMap(leavesOf)
}
