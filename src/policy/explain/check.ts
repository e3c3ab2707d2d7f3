// Holds the checks that clauses make of a call, as far as an explanation understands them: a place, and what is asked of it.

import { stringOf, type Token } from './token.ts'

/** A place of the context: `['input', 'amount_cents']`. */
export type Path = readonly string[]

/** How a number is compared with a bound. */
export type Relation = '<' | '<=' | '>' | '>='

/** A constant of a policy's text. */
export type Constant =
  | { readonly kind: 'long'; readonly value: bigint }
  | { readonly kind: 'decimal'; readonly text: string }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'bool'; readonly value: boolean }

/** What a clause asks, where it is one of the forms that people write. */
export type Check =
  | {
      readonly kind: 'bound'
      readonly path: Path
      readonly relation: Relation
      readonly than: Constant
    }
  | { readonly kind: 'equals'; readonly path: Path; readonly not: boolean; readonly to: Constant }
  | { readonly kind: 'like'; readonly path: Path; readonly pattern: string }
  | { readonly kind: 'has'; readonly path: Path }
  | { readonly kind: 'among'; readonly path: Path; readonly of: readonly Constant[] }
  | { readonly kind: 'contains'; readonly path: Path; readonly one: Constant }
  | { readonly kind: 'true'; readonly path: Path; readonly not: boolean }
  | { readonly kind: 'role'; readonly who: 'principal' | 'user'; readonly role: string }

const FLIPPED: Readonly<Record<Relation, Relation>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' }
const METHODS: Readonly<Record<string, Relation>> = {
  lessThan: '<',
  lessThanOrEqual: '<=',
  greaterThan: '>',
  greaterThanOrEqual: '>=',
}
const NAME = /^[A-Za-z_][A-Za-z_0-9]*$/

/** Reads tokens from the left. */
class Reader {
  readonly tokens: readonly Token[]
  at = 0
  constructor(tokens: readonly Token[]) {
    this.tokens = tokens
  }

  get done(): boolean {
    return this.at >= this.tokens.length
  }

  peek(ahead = 0): string | undefined {
    return this.tokens[this.at + ahead]?.text
  }

  take(...texts: readonly string[]): boolean {
    if (!texts.every((text, ahead) => this.peek(ahead) === text)) return false
    this.at += texts.length
    return true
  }

  name(): string | undefined {
    const text = this.peek()
    if (text === undefined || !NAME.test(text)) return undefined
    this.at++
    return text
  }

  string(): string | undefined {
    const value = stringOf(this.tokens[this.at])
    if (value !== undefined) this.at++
    return value
  }

  /** `context.a["b"].c`, up to what is no attribute: a method's name is left to be read. */
  path(): Path | undefined {
    const from = this.at
    if (!this.take('context')) return undefined
    const out: string[] = []
    for (;;) {
      if (this.peek() === '.' && this.peek(2) !== '(') {
        this.at++
        const name = this.name()
        if (name === undefined) return undefined
        out.push(name)
      } else if (this.peek() === '[') {
        this.at++
        const name = this.string()
        if (name === undefined || !this.take(']')) return undefined
        out.push(name)
      } else {
        if (out.length === 0) this.at = from
        return out.length === 0 ? undefined : out
      }
    }
  }

  constant(): Constant | undefined {
    const from = this.at
    const minus = this.take('-')
    const text = this.peek()
    if (text !== undefined && /^[0-9]+$/.test(text)) {
      this.at++
      return { kind: 'long', value: minus ? -BigInt(text) : BigInt(text) }
    }
    if (!minus) {
      if (this.take('true')) return { kind: 'bool', value: true }
      if (this.take('false')) return { kind: 'bool', value: false }
      if (this.take('decimal', '(')) {
        const digits = this.string()
        if (digits !== undefined && this.take(')')) return { kind: 'decimal', text: digits }
      } else {
        const value = this.string()
        if (value !== undefined) return { kind: 'string', value }
      }
    }
    this.at = from
    return undefined
  }

  constants(): Constant[] | undefined {
    if (!this.take('[')) return undefined
    const out: Constant[] = []
    while (!this.take(']')) {
      const one = this.constant()
      if (one === undefined) return undefined
      out.push(one)
      this.take(',')
    }
    return out
  }

  relation(): Relation | '==' | '!=' | undefined {
    const text = this.peek()
    if (text === '==' || text === '!=') {
      this.at++
      return text
    }
    if (text === undefined || !Object.hasOwn(FLIPPED, text)) return undefined
    this.at++
    return text as Relation
  }
}

function compared(path: Path, relation: Relation | '==' | '!=', than: Constant): Check {
  return relation === '==' || relation === '!='
    ? { kind: 'equals', path, not: relation === '!=', to: than }
    : { kind: 'bound', path, relation, than }
}

/** What stands after a path. */
function afterPath(read: Reader, path: Path): Check | undefined {
  if (read.done) return { kind: 'true', path, not: false }
  const relation = read.relation()
  if (relation !== undefined) {
    const than = read.constant()
    return than === undefined ? undefined : compared(path, relation, than)
  }
  if (read.take('like')) {
    const token = read.tokens[read.at++]
    return token === undefined
      ? undefined
      : { kind: 'like', path, pattern: token.text.slice(1, -1) }
  }
  if (read.take('has')) return hasOf(read, path)
  if (path.length === 1 && path[0] === 'user' && read.take('in')) return role(read, 'user')
  if (!read.take('.')) return undefined
  const method = read.name()
  if (method === undefined || !read.take('(')) return undefined
  const given = read.constant()
  if (given === undefined || !read.take(')')) return undefined
  if (method === 'contains') return { kind: 'contains', path, one: given }
  const bound = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined
  return bound === undefined ? undefined : { kind: 'bound', path, relation: bound, than: given }
}

function role(read: Reader, who: 'principal' | 'user'): Check | undefined {
  if (!read.take('Role', '::')) return undefined
  const name = read.string()
  return name === undefined ? undefined : { kind: 'role', who, role: name }
}

function read(tokens: readonly Token[]): {
  readonly check: Check | undefined
  readonly done: boolean
} {
  const from = new Reader(tokens)
  const whole = (check: Check | undefined) => ({ check, done: from.done })
  if (from.take('principal', 'in')) return whole(role(from, 'principal'))
  // `context has user` asks for the path `user`.
  if (from.take('context', 'has')) return whole(hasOf(from, []))
  const path = from.path()
  if (path !== undefined) return whole(afterPath(from, path))
  from.at = 0
  if (from.take('!')) {
    const inner = from.path()
    return whole(inner && { kind: 'true', path: inner, not: true })
  }
  const list = from.constants()
  if (list !== undefined) {
    if (!from.take('.', 'contains', '(')) return whole(undefined)
    const inner = from.path()
    return whole(inner && from.take(')') ? { kind: 'among', path: inner, of: list } : undefined)
  }
  from.at = 0
  const constant = from.constant()
  const relation = constant && from.relation()
  const right = relation && from.path()
  if (constant === undefined || relation === undefined || right === undefined)
    return whole(undefined)
  const turned = relation === '==' || relation === '!=' ? relation : FLIPPED[relation]
  return whole(compared(right, turned, constant))
}

function hasOf(from: Reader, above: Path): Check | undefined {
  const path = [...above]
  do {
    const name = from.string() ?? from.name()
    if (name === undefined) return undefined
    path.push(name)
  } while (from.take('.'))
  return { kind: 'has', path }
}

/** Every place of the context that an expression reads, each once, in the order of the text. */
export function pathsOf(tokens: readonly Token[]): Path[] {
  const out = new Map<string, Path>()
  for (let at = 0; at < tokens.length; at++) {
    if (tokens[at]!.text !== 'context' || tokens[at - 1]?.text === '.') continue
    const from = new Reader(tokens.slice(at))
    const path = from.path() ?? []
    const has = path.length === 0 ? from.take('context', 'has') : from.take('has')
    const check = has ? hasOf(from, path) : undefined
    const whole = check?.kind === 'has' ? check.path : path
    if (whole.length > 0) out.set(whole.join('.'), whole)
  }
  return [...out.values()]
}

/** What a clause checks; undefined where it is of no form that is understood. */
export function checkOf(tokens: readonly Token[]): Check | undefined {
  const { check, done } = read(tokens)
  return done ? check : undefined
}
