// Holds reading YAML strictly: plain trees with the place of everything, and nothing that expands, merges or constructs.

import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type Document,
} from 'yaml'
import { DocumentFault, fault, type Trouble } from './faults.ts'
import type { SourceText } from './files.ts'

/** Depth of a document, and documents of one run. */
const MOST_DEPTH = 8
const MOST_DOCUMENTS = 10_000

/** A plain value: what JSON has. Objects have no prototype. */
export type Tree =
  string | number | boolean | null | readonly Tree[] | { readonly [key: string]: Tree }

/** One document of a file. */
export interface YamlDocument {
  readonly file: string
  /** Where it begins, from 1. */
  readonly line: number
  readonly tree: Tree
  /** What is wrong at a path: for a key that is not known, the path ends with it. */
  trouble(path: readonly PropertyKey[], message: string): Trouble
}

/** A node whose `range` says where it stands; every node that was read has one. */
interface Placed {
  readonly range?: readonly [number, number, number] | null | undefined
}

class Reader {
  readonly #file: string
  readonly #lines: LineCounter
  readonly troubles: Trouble[] = []
  /** Where keys and values stand, by path. */
  readonly places = new Map<string, number>()

  constructor(file: string, lines: LineCounter) {
    this.#file = file
    this.#lines = lines
  }

  at(offset: number, message: string): Trouble {
    const { line, col } = this.#lines.linePos(offset)
    return { file: this.#file, line: Math.max(line, 1), column: Math.max(col, 1), message }
  }

  #wrong(node: unknown, message: string): null {
    this.troubles.push(this.at(offsetOf(node), message))
    return null
  }

  tree(node: unknown, path: readonly PropertyKey[]): Tree {
    this.places.set(pathText(path), offsetOf(node))
    if (path.length > MOST_DEPTH) return this.#wrong(node, 'is nested too deeply')
    if (isAlias(node)) return this.#wrong(node, 'aliases are not taken: write it out')
    if (isMap(node) || isSeq(node) || isScalar(node)) {
      if (node.anchor !== undefined) return this.#wrong(node, 'anchors are not taken: write it out')
      if (node.tag !== undefined) return this.#wrong(node, 'tags are not taken')
    }
    if (isSeq(node)) return node.items.map((item, at) => this.tree(item, [...path, at]))
    if (isMap(node)) return this.#map(node.items, path)
    if (node === null || node === undefined) return null
    const value: unknown = isScalar(node) ? node.value : undefined
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
    if (typeof value === 'number' && Number.isFinite(value)) return value
    return this.#wrong(node, 'is no plain value')
  }

  #map(
    items: readonly { readonly key: unknown; readonly value: unknown }[],
    path: readonly PropertyKey[],
  ): Tree {
    const out = Object.create(null) as Record<string, Tree>
    for (const { key, value } of items) {
      const name: unknown = isScalar(key) && key.anchor === undefined ? key.value : undefined
      if (typeof name !== 'string') this.#wrong(key, 'a member is named by plain text')
      else if (Object.hasOwn(out, name)) this.#wrong(key, `\`${name.slice(0, 64)}\` stands twice`)
      else {
        out[name] = this.tree(value, [...path, name])
        this.places.set(pathText([...path, name]), offsetOf(key))
      }
    }
    return out
  }
}

function offsetOf(node: unknown): number {
  return (node as Placed | null | undefined)?.range?.[0] ?? 0
}

function pathText(path: readonly PropertyKey[]): string {
  return JSON.stringify(path.map(String))
}

/** The documents of a text, in their order. Empty ones are left out. Throws `apply.document` with every place. */
export function readYaml({ file, text }: SourceText): readonly YamlDocument[] {
  const lines = new LineCounter()
  const parsed = documentsOf(text, lines)
  const troubles: Trouble[] = []
  const out: YamlDocument[] = []
  for (const document of parsed) {
    const reader = new Reader(file, lines)
    for (const { pos, message } of [...document.errors, ...document.warnings]) {
      troubles.push(reader.at(pos[0], message.split('\n', 1)[0]!.toLowerCase()))
    }
    if (document.directives?.yaml.explicit === true || hasTags(document)) {
      troubles.push(reader.at(document.range?.[0] ?? 0, 'directives are not taken'))
    }
    if (troubles.length > 0 || document.contents === null) continue
    const tree = reader.tree(document.contents, [])
    troubles.push(...reader.troubles)
    const start = offsetOf(document.contents)
    if (tree === null) continue
    out.push({
      file,
      line: reader.at(start, '').line,
      tree,
      trouble: (path, message) => reader.at(placeOf(reader.places, path, start), message),
    })
  }
  if (troubles.length > 0) throw new DocumentFault(troubles)
  return out
}

function documentsOf(text: string, lines: LineCounter): readonly Document.Parsed[] {
  // Keys are compared here, in linear time; the library compares each with each.
  const options = { lineCounter: lines, uniqueKeys: false, strict: true, merge: false } as const
  let parsed
  try {
    parsed = parseAllDocuments(text, { ...options, schema: 'core', prettyErrors: false })
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw fault('apply.limit', 'the text is nested too deeply to be read', cause)
  }
  if (!Array.isArray(parsed)) return []
  if (parsed.length > MOST_DOCUMENTS) {
    throw fault('apply.limit', `there are more than ${MOST_DOCUMENTS} documents`)
  }
  return parsed as readonly Document.Parsed[]
}

function hasTags(document: Document.Parsed): boolean {
  return Object.keys(document.directives?.tags ?? {}).some((handle) => handle !== '!!')
}

/** Where a path stands, or the nearest thing around it. */
function placeOf(
  places: ReadonlyMap<string, number>,
  path: readonly PropertyKey[],
  start: number,
): number {
  for (let length = path.length; length > 0; length--) {
    const place = places.get(pathText(path.slice(0, length)))
    if (place !== undefined) return place
  }
  return start
}
