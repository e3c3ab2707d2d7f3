// Holds the reading of a regular expression (ECMA-262, as JSON Schema's `pattern` uses it) into steps of an automaton.

/** Whether one character (a code point) is meant. */
export type Matches = (point: number) => boolean

/** A step: consume a character, go two ways, stand at a place, or be done. */
export type Step =
  | { readonly kind: 'one'; readonly matches: Matches; next: number }
  | { readonly kind: 'split'; next: number; other: number }
  | { readonly kind: 'at'; readonly place: 'start' | 'end' | 'edge' | 'inside'; next: number }
  | { readonly kind: 'done' }

/** Thrown for what is no regular expression, or one that cannot be run in linear time; its message says which. */
export class UnreadablePattern extends Error {}

/** Steps of one pattern, counted repetitions written out. */
const MAX_STEPS = 2_000
const MAX_NESTING = 32
const MAX_TEXT = 4_096

type Node =
  | { readonly kind: 'one'; readonly matches: Matches }
  | { readonly kind: 'at'; readonly place: 'start' | 'end' | 'edge' | 'inside' }
  | { readonly kind: 'all' | 'any'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly min: number; readonly max: number }

const SPECIAL = /[\\^$.*+?()[\]{}|]/
const CLASS = /^\[(?:[^\]\\]|\\.)*\]/su
const QUANTIFIER = /^(?:[*+?]|\{(\d{1,5})(?:(,)(\d{1,5})?)?\})\??/
const ESCAPES =
  /^\\(?:[dDwWsSfnrtv0]|c[A-Za-z]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{1,6}\}|[pP]\{[A-Za-z0-9_=]{1,64}\}|[^A-Za-z0-9])/u
const LINE_ENDS: ReadonlySet<number> = new Set([0x0a, 0x0d, 0x2028, 0x2029])

/** A predicate that asks the library about one character at a time, which cannot run away; ASCII is asked once. */
function asked(source: string): Matches {
  let whole: RegExp
  try {
    whole = new RegExp(`^${source}$`, 'su')
  } catch {
    throw new UnreadablePattern(`\`${source.slice(0, 40)}\` is no class of characters`)
  }
  const ascii = Array.from({ length: 128 }, (_, point) => whole.test(String.fromCharCode(point)))
  return (point) => (point < 128 ? ascii[point]! : whole.test(String.fromCodePoint(point)))
}

class Reader {
  readonly text: string
  at = 0
  depth = 0

  constructor(text: string) {
    this.text = text
  }

  rest(): string {
    return this.text.slice(this.at)
  }

  /** Alternatives up to the end or a closing parenthesis. */
  any(): Node {
    if (++this.depth > MAX_NESTING) throw new UnreadablePattern('it nests too deeply')
    const parts = [this.all()]
    while (this.text[this.at] === '|') {
      this.at++
      parts.push(this.all())
    }
    this.depth--
    return parts.length === 1 ? parts[0]! : { kind: 'any', parts }
  }

  all(): Node {
    const parts: Node[] = []
    for (;;) {
      const c = this.text[this.at]
      if (c === undefined || c === '|' || c === ')') return { kind: 'all', parts }
      parts.push(this.repeated(this.atom(c)))
    }
  }

  atom(c: string): Node {
    if (c === '^' || c === '$') {
      this.at++
      return { kind: 'at', place: c === '^' ? 'start' : 'end' }
    }
    if (c === '(') return this.group()
    if (c === '.') {
      this.at++
      return { kind: 'one', matches: (point) => !LINE_ENDS.has(point) }
    }
    if (c === '[') {
      const source = CLASS.exec(this.rest())?.[0]
      if (source === undefined) throw new UnreadablePattern('a class of characters is not closed')
      this.at += source.length
      return { kind: 'one', matches: asked(source) }
    }
    if (c === '\\') return this.escape()
    if (c === '*' || c === '+' || c === '?')
      throw new UnreadablePattern(`nothing stands before ${c}`)
    if (SPECIAL.test(c) && c !== '{' && c !== '}' && c !== ']') {
      throw new UnreadablePattern(`\`${c}\` stands where it means nothing`)
    }
    const point = this.text.codePointAt(this.at)!
    this.at += point > 0xffff ? 2 : 1
    return { kind: 'one', matches: (other) => other === point }
  }

  group(): Node {
    const open = /^\((?:\?:|\?<[A-Za-z_$][\w$]*>)?/.exec(this.rest())![0]
    this.at += open.length
    if (this.text[this.at] === '?') {
      throw new UnreadablePattern('it looks ahead or behind, which no linear matcher can')
    }
    const inside = this.any()
    if (this.text[this.at] !== ')') throw new UnreadablePattern('a parenthesis is not closed')
    this.at++
    return inside
  }

  escape(): Node {
    const next = this.text[this.at + 1]
    if (next === 'b' || next === 'B') {
      this.at += 2
      return { kind: 'at', place: next === 'b' ? 'edge' : 'inside' }
    }
    if (next !== undefined && /[1-9k]/.test(next)) {
      throw new UnreadablePattern('it refers back to what it found, which no linear matcher can')
    }
    const source = ESCAPES.exec(this.rest())?.[0]
    if (source === undefined) throw new UnreadablePattern('an escape means nothing')
    this.at += source.length
    if (!/^\\[^A-Za-z0-9]/.test(source)) return { kind: 'one', matches: asked(source) }
    const point = source.codePointAt(1)!
    return { kind: 'one', matches: (other) => other === point }
  }

  repeated(part: Node): Node {
    const match = QUANTIFIER.exec(this.rest())
    if (match === null) return part
    this.at += match[0].length
    const [text, low, comma, high] = match
    if (QUANTIFIER.test(this.rest()) && !this.rest().startsWith('{')) {
      throw new UnreadablePattern('a repetition is repeated')
    }
    if (text.startsWith('*')) return { kind: 'repeat', part, min: 0, max: Infinity }
    if (text.startsWith('+')) return { kind: 'repeat', part, min: 1, max: Infinity }
    if (text.startsWith('?')) return { kind: 'repeat', part, min: 0, max: 1 }
    const min = Number(low)
    const max = comma === undefined ? min : high === undefined ? Infinity : Number(high)
    if (max < min) throw new UnreadablePattern('a repetition ends before it begins')
    return { kind: 'repeat', part, min, max }
  }
}

/** Writes the automaton from its end to its start: every step knows where it goes on. */
class Writer {
  readonly steps: Step[] = [{ kind: 'done' }]
  /** Counts also what writes nothing: empty groups can be repeated without end. */
  written = 0

  add(step: Step): number {
    if (this.steps.length >= MAX_STEPS) throw new UnreadablePattern('it is too large')
    return this.steps.push(step) - 1
  }

  /** The first step of a node that goes on at `next`. */
  write(node: Node, next: number): number {
    if (++this.written > 4 * MAX_STEPS) throw new UnreadablePattern('it is too large')
    switch (node.kind) {
      case 'one':
        return this.add({ kind: 'one', matches: node.matches, next })
      case 'at':
        return this.add({ kind: 'at', place: node.place, next })
      case 'all':
        return node.parts.reduceRight((after, part) => this.write(part, after), next)
      case 'any': {
        const entries = node.parts.map((part) => this.write(part, next))
        return entries.reduceRight((other, entry) =>
          this.add({ kind: 'split', next: entry, other }),
        )
      }
      case 'repeat':
        return this.repeat(node, next)
    }
  }

  repeat({ part, min, max }: Extract<Node, { kind: 'repeat' }>, next: number): number {
    if (min > MAX_STEPS) throw new UnreadablePattern('it is too large')
    let after = next
    if (max === Infinity) {
      const split = { kind: 'split', next: 0, other: next } as const satisfies Step
      const loop: Extract<Step, { kind: 'split' }> = { ...split }
      after = this.add(loop)
      loop.next = this.write(part, after)
    } else {
      if (max - min > MAX_STEPS) throw new UnreadablePattern('it is too large')
      for (let i = min; i < max; i++) {
        after = this.add({ kind: 'split', next: this.write(part, after), other: next })
      }
    }
    for (let i = 0; i < min; i++) after = this.write(part, after)
    return after
  }
}

/** Reads a pattern. Throws UnreadablePattern. */
export function readPattern(text: string): {
  readonly steps: readonly Step[]
  readonly start: number
} {
  if (text.length > MAX_TEXT) throw new UnreadablePattern('it is too long')
  const reader = new Reader(text)
  const node = reader.any()
  if (reader.at !== text.length) throw new UnreadablePattern('a parenthesis closes nothing')
  const writer = new Writer()
  const start = writer.write(node, 0)
  return { steps: writer.steps, start }
}
