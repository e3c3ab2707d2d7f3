// Holds the compilation of expressions: the library's JSON in, one closure out, every error of Cedar's evaluator kept.

import type { CedarValueJson, Expr, TypeAndId } from '@cedar-policy/cedar-wasm/nodejs'
import { isIn, type Entities } from './entities.ts'
import { EXTENSIONS } from './extension.ts'
import { compileLike, type PatternElement } from './like.ts'
import { fromJson, type ReadInteger } from './literal.ts'
import { checked } from './long.ts'
import { DateTime, Duration } from './datetime.ts'
import { PlainRecord } from './record.ts'
import { trouble, Trouble } from './trouble.ts'
import { Uid } from './uid.ts'
import { CedarRecord, CedarSet, equal, typeName, type Value } from './value.ts'

/** What an expression is evaluated in. */
export interface Frame {
  readonly principal: Uid
  readonly action: Uid
  readonly resource: Uid
  readonly context: CedarRecord
  readonly entities: Entities
}

/** A compiled expression. Throws Trouble where Cedar has an error, NotKnown where the answer hangs on what is not known. */
export type Compiled = (frame: Frame) => Value

/** What expressions of one policy share. */
export interface Surroundings {
  readonly integer: ReadInteger
  /** Entities in the slots of a template. */
  readonly slots: Readonly<Partial<Record<string, Uid>>>
}

/** A compiled expression; `constant` where its value does not hang on the frame. */
interface Part {
  readonly run: Compiled
  readonly constant?: Value
}

type Pair = { readonly left: Expr; readonly right: Expr }
type Binary = (left: Value, right: Value, frame: Frame) => Value

function constant(value: Value): Part {
  return { run: () => value, constant: value }
}

/** Makes a part whose value hangs on these alone: evaluated at once where all are constant and it does not err. */
function folded(parts: readonly Part[], run: Compiled): Part {
  if (parts.some((part) => part.constant === undefined)) return { run }
  try {
    return constant(run(NO_FRAME))
  } catch (error) {
    if (!(error instanceof Trouble)) throw error
    return { run }
  }
}

/** Nothing constant looks at its frame. */
const NO_FRAME = {} as Frame

function wrong(wanted: string, value: Value): never {
  return trouble('type', `type error: expected ${wanted}, got ${typeName(value)}`)
}

function bool(value: Value): boolean {
  return typeof value === 'boolean' ? value : wrong('bool', value)
}

function long(value: Value): bigint {
  return typeof value === 'bigint' ? value : wrong('long', value)
}

function set(value: Value): CedarSet {
  return value instanceof CedarSet ? value : wrong('set', value)
}

function entity(value: Value): Uid {
  return value instanceof Uid ? value : wrong('(entity of type `any_entity_type`)', value)
}

function text(value: Value): string {
  return typeof value === 'string' ? value : wrong('string', value)
}

/** `<` and its kin: two longs, two moments or two durations; what else there is is told by the side that could be compared. */
function ordered(compare: (a: bigint, b: bigint) => boolean): Binary {
  return (left, right) => {
    if (typeof left === 'bigint') return compare(left, long(right))
    if (typeof right === 'bigint') return wrong('long', left)
    if (left instanceof DateTime) {
      return right instanceof DateTime ? compare(left.value, right.value) : wrong('datetime', right)
    }
    if (left instanceof Duration) {
      return right instanceof Duration ? compare(left.value, right.value) : wrong('duration', right)
    }
    if (right instanceof DateTime) return wrong('datetime', left)
    if (right instanceof Duration) return wrong('duration', left)
    return wrong('one of [long, datetime, duration]', left)
  }
}

function arithmetic(name: string, operate: (a: bigint, b: bigint) => bigint): Binary {
  return (left, right) => checked(operate(long(left), long(right)), `${name} the values`)
}

function memberOf(left: Value, right: Value, { entities }: Frame): boolean {
  const one = entity(left)
  if (right instanceof Uid) return isIn(entities, one, right)
  if (!(right instanceof CedarSet))
    return wrong('one of [set, (entity of type `any_entity_type`)]', right)
  // Every element has to be an entity, whichever of them is the one.
  const others = right.elements.map(entity)
  return others.some((other) => isIn(entities, one, other))
}

const BINARY: ReadonlyMap<string, Binary> = new Map(
  Object.entries({
    '==': equal,
    '!=': (left, right) => !equal(left, right),
    '<': ordered((a, b) => a < b),
    '<=': ordered((a, b) => a <= b),
    '>': ordered((a, b) => a > b),
    '>=': ordered((a, b) => a >= b),
    '+': arithmetic('add', (a, b) => a + b),
    '-': arithmetic('subtract', (a, b) => a - b),
    '*': arithmetic('multiply', (a, b) => a * b),
    contains: (left, right) => set(left).has(right),
    containsAll: (left, right) => set(left).holdsAll(set(right)),
    containsAny: (left, right) => set(left).holdsAny(set(right)),
  } satisfies Record<string, Binary>),
)

/** Those that look at entities: never constant. */
const LOOKING: ReadonlyMap<string, Binary> = new Map(
  Object.entries({
    in: memberOf,
    getTag: (left, right, { entities }) => {
      const uid = entity(left)
      const name = text(right)
      const found = entities.get(uid.key)
      if (found === undefined)
        return trouble('missing', `entity \`${uid.toString()}\` does not exist`)
      return (
        found.tags.get(name) ??
        trouble('missing', `\`${uid.toString()}\` does not have the tag \`${name}\``)
      )
    },
    hasTag: (left, right, { entities }) => {
      const uid = entity(left)
      const name = text(right)
      return entities.get(uid.key)?.tags.has(name) === true
    },
  } satisfies Record<string, Binary>),
)

function attribute(of: Value, name: string, { entities }: Frame): Value {
  if (of instanceof CedarRecord) {
    return of.get(name) ?? trouble('missing', `record does not have the attribute \`${name}\``)
  }
  const uid =
    of instanceof Uid ? of : wrong('one of [record, (entity of type `any_entity_type`)]', of)
  const found = entities.get(uid.key)
  if (found === undefined) return trouble('missing', `entity \`${uid.toString()}\` does not exist`)
  return (
    found.attributes.get(name) ??
    trouble('missing', `\`${uid.toString()}\` does not have the attribute \`${name}\``)
  )
}

function hasAttribute(of: Value, name: string, { entities }: Frame): boolean {
  if (of instanceof CedarRecord) return of.has(name)
  const uid =
    of instanceof Uid ? of : wrong('one of [record, (entity of type `any_entity_type`)]', of)
  return entities.get(uid.key)?.attributes.has(name) === true
}

/** Compiles the expressions of one policy. */
export class ExpressionCompiler {
  readonly #around: Surroundings

  constructor(around: Surroundings) {
    this.#around = around
  }

  /** Compiles one expression. Throws an Error for JSON that is no expression. */
  compile(expression: Expr): Compiled {
    return this.#part(expression).run
  }

  #part(expression: Expr): Part {
    const [[name, body] = ['nothing', undefined]] = Object.entries(expression) as [
      string,
      unknown,
    ][]
    const binary = BINARY.get(name)
    if (binary !== undefined) return this.#binary(binary, body as Pair, true)
    const looking = LOOKING.get(name)
    if (looking !== undefined) return this.#binary(looking, body as Pair, false)
    if (EXTENSIONS.has(name)) return this.#extension(name, body as Expr[])
    return this.#other(name, body)
  }

  #other(name: string, body: unknown): Part {
    switch (name) {
      case 'Value':
        return this.#literal(body as CedarValueJson)
      case 'Var':
        return variable(body as string)
      case 'Slot':
        return this.#slot(body as string)
      case '&&':
      case '||':
        return this.#short(name === '||', body as Pair)
      case '!':
        return this.#unary(body, (value) => !bool(value))
      case 'neg':
        return this.#unary(body, (value) => checked(-long(value), 'negate the value'))
      case 'isEmpty':
        return this.#unary(body, (value) => set(value).elements.length === 0)
      case '.':
        return this.#attribute(body as { left: Expr; attr: string })
      case 'has':
        return this.#has(body as { left: Expr; attr: string | string[] })
      case 'like':
        return this.#like(body as { left: Expr; pattern: PatternElement[] })
      case 'is':
        return this.#is(body as { left: Expr; entity_type: string; in?: Expr })
      case 'if-then-else':
        return this.#conditional(body as { if: Expr; then: Expr; else: Expr })
      case 'Set':
        return this.#set(body as Expr[])
      case 'Record':
        return this.#record(body as Record<string, Expr>)
      default:
        throw new Error(`not an expression that is known: ${name}`)
    }
  }

  #literal(json: CedarValueJson): Part {
    try {
      return constant(fromJson(json, this.#around.integer))
    } catch (error) {
      if (!(error instanceof Trouble)) throw error
      return { run: () => trouble(error.kind, error.message) }
    }
  }

  #slot(name: string): Part {
    const uid = this.#around.slots[name]
    if (uid !== undefined) return constant(uid)
    return { run: () => trouble('slot', `the slot \`${name}\` is not filled`) }
  }

  #unary(body: unknown, operate: (value: Value) => Value): Part {
    const arg = this.#part((body as { arg: Expr }).arg)
    const { run } = arg
    return folded([arg], (frame) => operate(run(frame)))
  }

  #binary(operate: Binary, body: Pair, foldable: boolean): Part {
    const left = this.#part(body.left)
    const right = this.#part(body.right)
    const a = left.run
    const b = right.run
    const run: Compiled = (frame) => {
      const first = a(frame)
      return operate(first, b(frame), frame)
    }
    return foldable ? folded([left, right], run) : { run }
  }

  /** `&&` and `||`: what the left one settles, the right one is not asked about. */
  #short(settles: boolean, body: Pair): Part {
    const left = this.#part(body.left)
    const right = this.#part(body.right)
    const a = left.run
    const b = right.run
    return folded([left, right], (frame) => (bool(a(frame)) === settles ? settles : bool(b(frame))))
  }

  #conditional(body: { if: Expr; then: Expr; else: Expr }): Part {
    const parts = [this.#part(body.if), this.#part(body.then), this.#part(body.else)]
    const [test, then, otherwise] = parts.map(({ run }) => run)
    return folded(parts, (frame) => (bool(test!(frame)) ? then!(frame) : otherwise!(frame)))
  }

  #attribute({ left, attr }: { left: Expr; attr: string }): Part {
    const { run } = this.#part(left)
    return { run: (frame) => attribute(run(frame), attr, frame) }
  }

  /** `has a.b.c`: each but the last is read, so what stands there has to have attributes. */
  #has({ left, attr }: { left: Expr; attr: string | string[] }): Part {
    const { run } = this.#part(left)
    const path = Array.isArray(attr) ? attr : [attr]
    const last = path.at(-1)!
    const before = path.slice(0, -1)
    if (before.length === 0) return { run: (frame) => hasAttribute(run(frame), last, frame) }
    return {
      run: (frame) => {
        let at = run(frame)
        for (const name of before) {
          if (!hasAttribute(at, name, frame)) return false
          at = attribute(at, name, frame)
        }
        return hasAttribute(at, last, frame)
      },
    }
  }

  #like({ left, pattern }: { left: Expr; pattern: PatternElement[] }): Part {
    const part = this.#part(left)
    const { run } = part
    const matches = compileLike(pattern)
    return folded([part], (frame) => matches(text(run(frame))))
  }

  #is({
    left,
    entity_type: type,
    in: above,
  }: {
    left: Expr
    entity_type: string
    in?: Expr
  }): Part {
    const { run } = this.#part(left)
    if (above === undefined) return { run: (frame) => entity(run(frame)).type === type }
    const within = this.#part(above).run
    return {
      run: (frame) => {
        const uid = entity(run(frame))
        return uid.type === type && memberOf(uid, within(frame), frame)
      },
    }
  }

  #set(body: Expr[]): Part {
    const parts = body.map((element) => this.#part(element))
    const runs = parts.map(({ run }) => run)
    return folded(parts, (frame) => new CedarSet(runs.map((run) => run(frame))))
  }

  #record(body: Record<string, Expr>): Part {
    const entries = Object.entries(body).map(([name, inner]) => [name, this.#part(inner)] as const)
    return folded(
      entries.map(([, part]) => part),
      (frame) => new PlainRecord(new Map(entries.map(([name, { run }]) => [name, run(frame)]))),
    )
  }

  #extension(name: string, body: Expr[]): Part {
    const known = EXTENSIONS.get(name)!
    if (body.length !== known.arity) throw new Error(`\`${name}\` takes ${known.arity} arguments`)
    const parts = body.map((argument) => this.#part(argument))
    const [first, second = first] = parts.map(({ run }) => run)
    return folded(parts, (frame) => {
      const value = first!(frame)
      return known.call(value, second === first ? value : second!(frame))
    })
  }
}

function variable(name: string): Part {
  switch (name) {
    case 'principal':
      return { run: (frame) => frame.principal }
    case 'action':
      return { run: (frame) => frame.action }
    case 'resource':
      return { run: (frame) => frame.resource }
    default:
      return { run: (frame) => frame.context }
  }
}

/** A name in the library's JSON. */
export function uidOf(json: TypeAndId | { __entity: TypeAndId }): Uid {
  const { type, id } = '__entity' in json ? json.__entity : json
  return new Uid(type, id)
}
