// Holds the bound on how deep a policy may be, so that none can overrun the library's stack.

/**
 * The deepest policy that is handed over. The library's own stack overran at about 256 (a chain of 256 operators, or 64
 * nested brackets, which count four each), and after that it fails for ever, for everybody.
 */
export const MAX_DEPTH = 160

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
export class Depth {
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
  chain = [0, 0, 0, 0, 0, 0, 0, 0]
  longest = [0, 0, 0, 0, 0, 0, 0, 0]
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
