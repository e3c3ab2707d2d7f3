// Holds generated expressions: mostly of the type that is wanted, now and then of another, over the whole language.

import type { Draw } from './draw.ts'
import {
  BAD_TEXTS,
  drawName,
  drawType,
  drawValue,
  ENTITY_TYPES,
  NAMES,
  type RecordShape,
  type SampleType,
  type Schema,
} from './schema.ts'
import { escaped, isIdentifier, quoted, recordText, textOf, type ExtensionName } from './value.ts'

/** An expression that reads something, and the type that it has where the schema holds. */
interface Path {
  readonly text: string
  readonly type: SampleType
}

const LONG: SampleType = { kind: 'long' }
const BOOL: SampleType = { kind: 'bool' }
const STRING: SampleType = { kind: 'string' }
const DATETIME: SampleType = { kind: 'datetime' }
const DURATION: SampleType = { kind: 'duration' }
const DECIMAL: SampleType = { kind: 'decimal' }
const IP: SampleType = { kind: 'ip' }

/** Reading an attribute as text. */
function read(of: string, name: string): string {
  return isIdentifier(name) ? `${of}.${name}` : `${of}[${quoted(name)}]`
}

function key(type: SampleType): string {
  if (type.kind === 'set') return `set ${key(type.element)}`
  return type.kind === 'entity' ? 'entity' : type.kind
}

/** Makes the expressions of one world. */
export class Expressions {
  readonly #draw: Draw
  readonly #schema: Schema
  readonly #paths = new Map<string, Path[]>()

  constructor(draw: Draw, schema: Schema) {
    this.#draw = draw
    this.#schema = schema
    for (const name of ['principal', 'resource']) {
      for (const type of ENTITY_TYPES) this.#walk(name, { kind: 'entity', type }, 3)
    }
    this.#walk('action', { kind: 'entity', type: 'Action' }, 0)
    this.#walk('context', schema.context, 3)
  }

  #walk(text: string, type: SampleType, depth: number): void {
    const known = this.#paths.get(key(type))
    const path = { text, type }
    if (known === undefined) this.#paths.set(key(type), [path])
    else known.push(path)
    if (depth === 0) return
    for (const [name, inner] of this.#shapeOf(type)?.attributes ?? []) {
      this.#walk(read(text, name), inner, depth - 1)
    }
  }

  #shapeOf(type: SampleType): RecordShape | undefined {
    if (type.kind === 'record') return type
    return type.kind === 'entity' ? this.#schema.entities.get(type.type)?.shape : undefined
  }

  /** An expression of a type, as a rule; in brackets, so that it can stand anywhere. */
  of(type: SampleType, depth: number): string {
    const draw = this.#draw
    if (draw.oneIn(25)) return this.of(drawType(draw), Math.max(0, depth - 1))
    const how = draw.below(depth <= 0 ? 3 : 8)
    if (how === 0) return this.#literal(type)
    if (how <= 2) return this.#path(type)
    if (how === 3 && depth > 1) {
      const [test, then, otherwise] = [BOOL, type, type].map((each) => this.of(each, depth - 1))
      return `(if ${test} then ${then} else ${otherwise})`
    }
    return `(${this.#made(type, depth - 1)})`
  }

  #literal(type: SampleType): string {
    const draw = this.#draw
    if (draw.oneIn(12) && type.kind in BAD_TEXTS) {
      const kind = type.kind as ExtensionName
      return `${kind}(${quoted(draw.pick(BAD_TEXTS[kind]))})`
    }
    return textOf(drawValue(draw, type))
  }

  #path(type: SampleType): string {
    const paths = this.#paths.get(key(type))
    return paths === undefined ? this.#literal(type) : this.#draw.pick(paths).text
  }

  #made(type: SampleType, depth: number): string {
    const draw = this.#draw
    switch (type.kind) {
      case 'bool':
        return this.#bool(depth)
      case 'long':
        return this.#long(depth)
      case 'set':
        return `[${draw.many(0, 4, () => this.of(type.element, depth)).join(', ')}]`
      case 'record':
        return recordText(
          [...type.attributes].map(([name, inner]) => [name, this.of(inner, depth)]),
        )
      case 'datetime':
        return draw.below(2) === 0
          ? `${this.of(DATETIME, depth)}.offset(${this.of(DURATION, depth)})`
          : `${this.of(DATETIME, depth)}.toDate()`
      case 'duration':
        return draw.below(2) === 0
          ? `${this.of(DATETIME, depth)}.durationSince(${this.of(DATETIME, depth)})`
          : `${this.of(DATETIME, depth)}.toTime()`
      case 'decimal':
      case 'ip':
        return `${type.kind}(${this.of(STRING, depth)})`
      case 'string':
      case 'entity':
        return this.#looked(type, depth)
    }
  }

  /** Read out of a record that is written here, or from the tags of an entity. */
  #looked(type: SampleType, depth: number): string {
    if (this.#draw.below(2) === 0) return this.#tag(depth)
    const name = this.#draw.pick(NAMES)
    return read(recordText([[name, this.of(type, depth)]]), name)
  }

  #tag(depth: number): string {
    return `${this.#entity(depth)}.getTag(${this.#name(depth)})`
  }

  #name(depth: number): string {
    return this.#draw.oneIn(6) ? this.of(STRING, depth) : quoted(this.#draw.pick(NAMES))
  }

  #entity(depth: number): string {
    return this.of({ kind: 'entity', type: this.#draw.pick(ENTITY_TYPES) }, depth)
  }

  #long(depth: number): string {
    const draw = this.#draw
    const which = draw.below(9)
    if (which < 5) {
      const operator = draw.pick(['+', '-', '*'])
      return `${this.of(LONG, depth)} ${operator} ${this.of(LONG, depth)}`
    }
    if (which < 7) return `-${this.of(LONG, depth)}`
    const methods = ['toMilliseconds', 'toSeconds', 'toMinutes', 'toHours', 'toDays']
    return `${this.of(DURATION, depth)}.${draw.pick(methods)}()`
  }

  #bool(depth: number): string {
    const draw = this.#draw
    const makers: (() => string)[] = [
      () => `${this.of(BOOL, depth)} && ${this.of(BOOL, depth)}`,
      () => `${this.of(BOOL, depth)} || ${this.of(BOOL, depth)}`,
      () => `!${this.of(BOOL, depth)}`,
      () => this.#equality(depth),
      () => this.#order(depth),
      () => this.#in(depth),
      () => this.#is(depth),
      () => this.#has(depth),
      () => this.#guarded(depth),
      () => this.#set(depth),
      () => this.#like(depth),
      () => `${this.#entity(depth)}.hasTag(${this.#name(depth)})`,
      () => this.#extension(depth),
    ]
    return draw.pick(makers)()
  }

  #equality(depth: number): string {
    const draw = this.#draw
    const type = drawType(draw)
    const other = draw.oneIn(6) ? drawType(draw) : type
    return `${this.of(type, depth)} ${draw.pick(['==', '!='])} ${this.of(other, depth)}`
  }

  #order(depth: number): string {
    const draw = this.#draw
    const type = draw.pick([LONG, LONG, DATETIME, DURATION])
    return `${this.of(type, depth)} ${draw.pick(['<', '<=', '>', '>='])} ${this.of(type, depth)}`
  }

  #in(depth: number): string {
    if (this.#draw.below(2) === 0) return `${this.#entity(depth)} in ${this.#entity(depth)}`
    const type: SampleType = { kind: 'entity', type: this.#draw.pick(ENTITY_TYPES) }
    return `${this.#entity(depth)} in ${this.of({ kind: 'set', element: type }, depth)}`
  }

  #is(depth: number): string {
    const type = this.#draw.pick([...ENTITY_TYPES, 'Action', 'Nobody'])
    const within = this.#draw.below(2) === 0 ? '' : ` in ${this.#entity(depth)}`
    return `${this.#entity(depth)} is ${type}${within}`
  }

  #has(depth: number): string {
    const draw = this.#draw
    const of = draw.below(2) === 0 ? this.#entity(depth) : this.of(this.#schema.context, depth)
    const names = draw.many(1, 3, () => draw.pick(NAMES.filter(isIdentifier)))
    if (draw.below(2) === 0) return `${of} has ${names.join('.')}`
    return `${of} has ${quoted(draw.pick(NAMES))}`
  }

  /** What a careful author writes: read only what is there. */
  #guarded(depth: number): string {
    const draw = this.#draw
    const of = draw.pick(['principal', 'resource', 'context'])
    const shape = this.#shapeOf(
      of === 'context' ? this.#schema.context : { kind: 'entity', type: draw.pick(ENTITY_TYPES) },
    )!
    const [name, type] = draw.pick([...shape.attributes])
    return `${of} has ${quoted(name)} && ${read(of, name)} == ${this.of(type, depth)}`
  }

  #set(depth: number): string {
    const draw = this.#draw
    const element = drawType(draw, 1)
    const set: SampleType = { kind: 'set', element }
    const method = draw.pick(['contains', 'containsAll', 'containsAny', 'isEmpty'])
    if (method === 'isEmpty') return `${this.of(set, depth)}.isEmpty()`
    return `${this.of(set, depth)}.${method}(${this.of(method === 'contains' ? element : set, depth)})`
  }

  #like(depth: number): string {
    const draw = this.#draw
    const parts = draw.many(0, 5, () =>
      draw.pick(['*', 'a', 'b', '\\*', escaped('\\'), 'é', 'e\\u{301}', '\\u{1f600}', 'ab', 'A']),
    )
    return `${this.of(STRING, depth)} like "${parts.join('')}"`
  }

  #extension(depth: number): string {
    const draw = this.#draw
    const which = draw.below(3)
    if (which === 0) {
      const method = draw.pick(['lessThan', 'lessThanOrEqual', 'greaterThan', 'greaterThanOrEqual'])
      return `${this.of(DECIMAL, depth)}.${method}(${this.of(DECIMAL, depth)})`
    }
    if (which === 1) return `${this.of(IP, depth)}.isInRange(${this.of(IP, depth)})`
    const method = draw.pick(['isIpv4', 'isIpv6', 'isLoopback', 'isMulticast'])
    return `${this.of(IP, depth)}.${method}()`
  }

  /** The name of some entity as text. */
  named(types: readonly string[] = ENTITY_TYPES): string {
    return textOf(drawName(this.#draw, this.#draw.pick(types)))
  }
}
