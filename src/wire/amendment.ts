// Holds the terms of an approval for a task: how often, how long, and how far the arguments may differ. History: v1.

import { utf8 } from '../std/bytes.ts'
import {
  canonicalJson,
  isObject,
  JsonNumber,
  parseJson,
  REQUEST_LIMITS,
  type Json,
} from '../std/json.ts'

/** What an approver agrees to for a task. */
export interface TaskTerms {
  /** Calls in all, the held one among them where there is one. */
  readonly count: number
  /** How long, from the last agreement on (ms). */
  readonly forMs: number
  /** How far the arguments may differ from those that were shown, each as `readLoosening` takes it; empty: not at all. */
  readonly loosen: readonly string[]
}

/** How far one argument may differ. */
export type Loosening = { readonly path: readonly string[] } & (
  | { readonly kind: 'any' }
  /** A number from 0 to this one. */
  | { readonly kind: 'max'; readonly max: JsonNumber }
  | { readonly kind: 'list'; readonly values: readonly string[] }
)

/** A loosening, or what is wrong with the text. */
type LooseningReading = { readonly loosening: Loosening } | { readonly wrong: string }

/** Loosenings of one agreement, and characters of one of them. */
export const MAX_LOOSENINGS = 16
export const MAX_LOOSENING = 2_000
/** Calls that one agreement covers, and how long (ms): a week. */
export const MAX_COUNT = 1_000
export const MAX_FOR_MS = 7 * 86_400_000

const MAX_VALUES = 64
const MAX_DEPTH = 16
/** A pointer (RFC 6901) without signs and spaces in its names, then what may stand there. */
const LOOSENING =
  /^((?:\/(?:[^\s/~=<]|~[01])+)+)(?: ?= ?(\*)| ?<= ?(\d{1,30}(?:\.\d{1,30})?)| in (\[.*\]))$/u

const WRONG =
  'a loosening is /path=* for any value, /path<=5000 for a number from 0 up to that, or /path in ["a","b"] for one of these'

/** Reads `/amount_cents<=5000`, `/note=*` or `/to in ["a","b"]`. What is not quite that is refused. */
export function readLoosening(text: string): LooseningReading {
  const match = text.length > MAX_LOOSENING ? null : LOOSENING.exec(text)
  if (match === null) return { wrong: WRONG }
  const [, pointer = '', any, max, list] = match
  const path = pointer.slice(1).split('/').map(unescaped)
  if (path.length > MAX_DEPTH) return { wrong: `a path has at most ${MAX_DEPTH} names` }
  if (any !== undefined) return { loosening: { path, kind: 'any' } }
  if (max !== undefined) return { loosening: { path, kind: 'max', max: new JsonNumber(max) } }
  const values = listIn(list ?? '')
  if (values === undefined) return { wrong: `a list is JSON, of 1 to ${MAX_VALUES} values` }
  return { loosening: { path, kind: 'list', values } }
}

function unescaped(name: string): string {
  return name.replaceAll('~1', '/').replaceAll('~0', '~')
}

/** The values as canonical JSON. */
function listIn(text: string): readonly string[] | undefined {
  let list: Json
  try {
    list = parseJson(utf8(text), REQUEST_LIMITS)
  } catch {
    return undefined
  }
  if (!Array.isArray(list) || list.length < 1 || list.length > MAX_VALUES) return undefined
  return list.map((value) => canonicalJson(value))
}

/** The terms as one text: what is committed to, and what a passkey signs besides the call where presence is asked for. */
export function termsText({ count, forMs, loosen }: TaskTerms): string {
  return canonicalJson({ count, for_ms: forMs, loosen: [...loosen] })
}

/** The value at a path; undefined where there is none. */
export function valueAt(tree: Json, path: readonly string[]): Json | undefined {
  let value: Json | undefined = tree
  for (const name of path) {
    if (Array.isArray(value)) value = isIndex(name) ? value[Number(name)] : undefined
    else if (isObject(value) && Object.hasOwn(value, name)) value = value[name]
    else return undefined
  }
  return value
}

function isIndex(name: string): boolean {
  return /^(?:0|[1-9]\d{0,8})$/.test(name)
}

/** The tree without what stands at the paths: members are left out, elements of arrays are null. */
export function without(tree: Json, paths: readonly (readonly string[])[]): Json {
  if (paths.length === 0) return tree
  const below = (name: string) =>
    paths.filter(([first]) => first === name).map((path) => path.slice(1))
  if (Array.isArray(tree)) {
    return tree.map((value, at) => {
      const inner = below(String(at))
      return inner.some(({ length }) => length === 0) ? null : without(value, inner)
    })
  }
  if (!isObject(tree)) return tree
  const kept = Object.create(null) as Record<string, Json>
  for (const [name, value] of Object.entries(tree)) {
    const inner = below(name)
    if (inner.some(({ length }) => length === 0)) continue
    kept[name] = without(value, inner)
  }
  return kept
}
