// Holds configuration files in JSON with comments: read by their tree, changed by edits of the text.

import {
  applyEdits,
  createScanner,
  findNodeAtLocation,
  modify,
  parseTree,
  printParseErrorCode,
  type FormattingOptions,
  type Node,
  type ParseError,
} from 'jsonc-parser'
import type { Json, JsonObject } from '../../std/json.ts'
import {
  changed,
  sameTree,
  type ConfigDocument,
  type Entry,
  type EntryChange,
  type Place,
} from './document.ts'
import { fault } from './faults.ts'

/** `line 3, column 7`, from 1, of an offset. */
function position(text: string, offset: number): string {
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  return `line ${line}, column ${offset - before.lastIndexOf('\n')}`
}

function treeOf(text: string): Node | undefined {
  const errors: ParseError[] = []
  let root: Node | undefined
  try {
    root = parseTree(text, errors, { allowTrailingComma: true, allowEmptyContent: true })
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw fault('connect.syntax', 'the file is nested too deeply', cause)
  }
  const [first] = errors
  if (first === undefined) return root
  // The parser's name of what is wrong, and never the text, which may be a secret.
  const what = printParseErrorCode(first.error)
  throw fault('connect.syntax', `the file is no JSON: ${what} at ${position(text, first.offset)}`)
}

/** Properties of an object; a key that stands twice means one thing to us and another to the client. */
function properties(text: string, node: Node): Map<string, Node> {
  const found = new Map<string, Node>()
  for (const { children = [] } of node.children ?? []) {
    const [key, value] = children
    if (key === undefined || value === undefined) continue
    const name = String(key.value)
    if (found.has(name) || name === '__proto__') {
      const what = name === '__proto__' ? 'a key that programs misread' : 'a key that stands twice'
      throw fault('connect.syntax', `the file has ${what} at ${position(text, key.offset)}`)
    }
    found.set(name, value)
  }
  return found
}

function valueOf(text: string, node: Node): Json {
  if (node.type === 'array') return (node.children ?? []).map((child) => valueOf(text, child))
  if (node.type !== 'object') return node.value as null | boolean | string | number
  const out = Object.create(null) as JsonObject
  for (const [name, value] of properties(text, node)) out[name] = valueOf(text, value)
  return out
}

/** The whole tree, for comparing before with after: of a key that stands twice the last counts on both sides. */
function wholeOf(node: Node | undefined): unknown {
  if (node === undefined) return undefined
  if (node.type === 'array') return (node.children ?? []).map(wholeOf)
  if (node.type !== 'object') return node.value
  const out = Object.create(null) as Record<string, unknown>
  for (const { children = [] } of node.children ?? [])
    out[String(children[0]?.value)] = wholeOf(children[1])
  return out
}

/** How the file is written: its line ends and its indentation. */
function formatting(text: string): FormattingOptions {
  const eol = /\r\n/.test(text) ? '\r\n' : '\n'
  const indent = /^([ \t]+)["}\]]/m.exec(text)?.[1] ?? '  '
  return indent.startsWith('\t')
    ? { insertSpaces: false, tabSize: 1, eol }
    : { insertSpaces: true, tabSize: indent.length, eol }
}

/** Where the comma between two elements stands, whatever comments are around it. */
function comma(text: string, from: number, to: number): number | undefined {
  const scanner = createScanner(text, true)
  scanner.setPosition(from)
  scanner.scan()
  const at = scanner.getTokenOffset()
  return text[at] === ',' && at < to ? at : undefined
}

function put(text: string, path: readonly (string | number)[], value: unknown): string {
  const insert = path.at(-1) === -1
  const options = { formattingOptions: formatting(text), isArrayInsertion: insert }
  return applyEdits(text, modify(text, [...path], value, options))
}

/** A file of JSON with comments, without its byte order mark. */
export class JsoncDocument implements ConfigDocument {
  readonly #text: string
  readonly #root: Node | undefined

  /** Throws `connect.syntax` with line and column. */
  constructor(text: string) {
    this.#text = text
    this.#root = treeOf(text)
    if (this.#root !== undefined && this.#root.type !== 'object') {
      throw fault('connect.syntax', 'the file holds no object')
    }
  }

  get text(): string {
    return this.#text
  }

  entries(containers: readonly Place[]): readonly Entry[] {
    return containers.flatMap((container) => {
      const node = this.#node(container)
      if (node?.type !== 'object') return []
      return [...properties(this.#text, node)].flatMap(([name, value]) =>
        value.type === 'object'
          ? [{ place: [...container, name], value: valueOf(this.#text, value) as JsonObject }]
          : [],
      )
    })
  }

  /** Any object or array of the file; undefined where nothing is at the place. */
  value(place: Place): Json | undefined {
    const node = this.#node(place)
    return node === undefined ? undefined : valueOf(this.#text, node)
  }

  /** The text with one value put, or taken away with undefined; a number is the place in a list, -1 its end. */
  with(place: readonly (string | number)[], value: Json | undefined): string {
    return put(this.#text === '' ? '{}\n' : this.#text, place, value)
  }

  /** The text without one element of a list. Comments around it stay, which the library's own edit takes away. */
  without(place: Place, at: number): string {
    const elements = this.#node(place)?.children ?? []
    const element = elements[at]
    if (element === undefined) return this.#text
    const end = element.offset + element.length
    const next = elements[at + 1]
    const list = this.#node(place)!
    const behind = comma(this.#text, end, next?.offset ?? list.offset + list.length)
    const before = elements[at - 1]
    const ahead =
      before === undefined || behind !== undefined
        ? undefined
        : comma(this.#text, before.offset + before.length, element.offset)
    // Its own line goes with it.
    const start = /[ \t]*$/.exec(this.#text.slice(0, element.offset))?.index ?? element.offset
    const rest = behind === undefined ? end : behind + 1
    const lineEnd = /^[ \t]*\r?\n/.exec(this.#text.slice(rest))?.[0].length ?? 0
    const ownLine = start === 0 || this.#text[start - 1] === '\n'
    const head = this.#text.slice(0, ownLine ? start : element.offset)
    const tail = this.#text.slice(rest + (ownLine ? lineEnd : 0))
    return (ahead === undefined ? head : head.slice(0, ahead) + head.slice(ahead + 1)) + tail
  }

  rewrite(changes: readonly EntryChange[]): string {
    let text = this.#text
    for (const { place, remove, set } of changes) {
      for (const key of remove) text = put(text, [...place, key], undefined)
      for (const [key, value] of set) text = put(text, [...place, key], value)
    }
    const expected = changes.map((change): [Place, Json] => [
      change.place,
      changed(this.#entry(change.place) ?? {}, change),
    ])
    return this.#checked(text, expected)
  }

  restore(earlier: ConfigDocument, places: readonly Place[], keys: ReadonlySet<string>): string {
    if (!(earlier instanceof JsoncDocument)) throw new TypeError('a document of another form')
    let text = this.#text
    const expected: [Place, Json][] = []
    for (const place of places) {
      const [was, now] = [earlier.#entry(place), this.#entry(place)]
      if (was === undefined || now === undefined) continue
      const own = Object.entries(now).filter(([key]) => !keys.has(key))
      const mine = Object.entries(was).filter(([key]) => !keys.has(key))
      const back = Object.entries(was).filter(([key]) => keys.has(key))
      if (sameTree(Object.fromEntries(own), Object.fromEntries(mine))) {
        // Nothing of it was changed: it gets its own words back, comments and all.
        text = splice(text, place, earlier.#raw(place))
        expected.push([place, was])
        continue
      }
      for (const key of keys) {
        if (Object.hasOwn(now, key) && !Object.hasOwn(was, key))
          text = put(text, [...place, key], undefined)
      }
      for (const [key, value] of back) text = put(text, [...place, key], value)
      expected.push([place, Object.fromEntries([...own, ...back])])
    }
    return this.#checked(text, expected)
  }

  /** The text, if exactly these places of it have changed, to exactly these values. */
  #checked(text: string, expected: readonly (readonly [Place, Json])[]): string {
    const whole = wholeOf(this.#root)
    for (const [place, value] of expected) {
      let at = whole as Record<string, unknown>
      for (const key of place.slice(0, -1)) at = at[key] as Record<string, unknown>
      at[place.at(-1)!] = value
    }
    if (sameTree(wholeOf(treeOf(text)), whole)) return text
    throw fault('connect.unsafe', 'an edit of the file would have changed more than its entries')
  }

  #raw(place: Place): string {
    const node = this.#node(place)!
    return this.#text.slice(node.offset, node.offset + node.length)
  }

  #entry(place: Place): JsonObject | undefined {
    const node = this.#node(place)
    return node?.type === 'object' ? (valueOf(this.#text, node) as JsonObject) : undefined
  }

  #node(place: Place): Node | undefined {
    let node = this.#root
    for (const key of place) {
      if (node?.type !== 'object') return undefined
      node = properties(this.#text, node).get(key)
    }
    return node
  }
}

function splice(text: string, place: Place, raw: string): string {
  const root = treeOf(text)
  const node = root === undefined ? undefined : findNodeAtLocation(root, [...place])
  if (node === undefined)
    throw fault('connect.unsafe', 'an entry of the file cannot be found again')
  return text.slice(0, node.offset) + raw + text.slice(node.offset + node.length)
}
