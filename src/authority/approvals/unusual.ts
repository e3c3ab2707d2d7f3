// Holds the comparison of a held call's arguments with those of calls that went on before it. Pure: it marks, and decides nothing.

import {
  canonicalJson,
  isObject,
  type Json,
  type JsonNumber,
  type JsonObject,
} from '../../std/json.ts'
import { compareNumbers, isNumber, numberText } from '../../policy/number.ts'
import type { Unusual, UnusualKind } from '../../wire/unusual.ts'

/** Marks that are told; leaves that are looked at, of every call. */
const MOST_MARKS = 64
const MOST_LEAVES = 2_000
/** Calls that say something about which values are usual. */
const FEW = 3

/** Arguments by their place: elements of one array share one. */
interface Place {
  /** Calls in which something stood there. */
  calls: number
  types: Set<string>
  values: Set<string>
  /** How many values there were, equal ones counted again. */
  seen: number
  hosts: Set<string>
  largest?: number | JsonNumber
  longest: number
}

/** One value of the arguments. */
interface Leaf {
  /** As it is, and with `*` for every index. */
  readonly path: string
  readonly place: string
  readonly value: Json
}

/** What in `input` is like nothing in `earlier`. */
export function unusualIn(input: JsonObject, earlier: readonly JsonObject[]): Unusual[] {
  if (earlier.length === 0) return []
  const places = new Map<string, Place>()
  for (const one of earlier) note(places, one)
  const marks: Unusual[] = []
  for (const leaf of leavesOf(input)) {
    const found = markOf(leaf, places, earlier.length)
    if (found !== undefined) marks.push({ path: leaf.path, ...found })
    if (marks.length >= MOST_MARKS) break
  }
  return marks
}

function markOf(
  { place: name, value }: Leaf,
  places: ReadonlyMap<string, Place>,
  calls: number,
): { readonly kind: UnusualKind; readonly before: string } | undefined {
  const place = places.get(name)
  if (place === undefined) return { kind: 'first_use', before: `in none of ${calls} calls` }
  const times = `in ${place.calls} of ${calls} calls`
  if (!place.types.has(typeOf(value))) {
    return { kind: 'new_type', before: `${[...place.types].sort().join(' or ')} ${times}` }
  }
  if (Array.isArray(value)) {
    if (value.length <= place.longest) return undefined
    return { kind: 'longest', before: `${place.longest} at most ${times}` }
  }
  if (isNumber(value)) {
    const { largest } = place
    if (largest === undefined || compareNumbers(value, largest) !== 1) return undefined
    return { kind: 'largest', before: `${numberText(largest)} at most ${times}` }
  }
  const host = typeof value === 'string' ? hostOf(value) : undefined
  if (host !== undefined && !place.hosts.has(host)) {
    return { kind: 'new_domain', before: `${place.hosts.size} others ${times}` }
  }
  if (place.values.has(valueOf(value))) return undefined
  // Where nearly every call has another value, another one says nothing.
  if (place.seen < FEW || place.values.size * 2 > place.seen) return undefined
  return { kind: 'new_value', before: `${place.values.size} others ${times}` }
}

function note(places: Map<string, Place>, input: JsonObject): void {
  const here = new Set<string>()
  for (const { place: name, value } of leavesOf(input)) {
    const place = places.get(name) ?? emptyPlace()
    places.set(name, place)
    if (!here.has(name)) place.calls += 1
    here.add(name)
    place.types.add(typeOf(value))
    if (Array.isArray(value)) {
      place.longest = Math.max(place.longest, value.length)
      continue
    }
    if (isNumber(value)) {
      const { largest } = place
      if (largest === undefined || compareNumbers(value, largest) === 1) place.largest = value
    }
    place.seen += 1
    place.values.add(valueOf(value))
    const host = typeof value === 'string' ? hostOf(value) : undefined
    if (host !== undefined) place.hosts.add(host)
  }
}

function emptyPlace(): Place {
  return {
    calls: 0,
    types: new Set(),
    values: new Set(),
    seen: 0,
    hosts: new Set(),
    longest: 0,
  }
}

/** Every value that holds no others, and every array, with its place. */
function leavesOf(input: JsonObject): Leaf[] {
  const found: Leaf[] = []
  const walk = (value: Json, path: string, place: string): void => {
    if (found.length >= MOST_LEAVES) return
    if (Array.isArray(value)) {
      found.push({ path, place, value })
      value.forEach((one, at) => walk(one, `${path}/${at}`, `${place}/*`))
    } else if (isObject(value)) {
      for (const [key, one] of Object.entries(value)) {
        const name = key.replaceAll('~', '~0').replaceAll('/', '~1')
        walk(one, `${path}/${name}`, `${place}/${name}`)
      }
    } else found.push({ path, place, value })
  }
  walk(input, '', '')
  return found
}

function typeOf(value: Json): string {
  if (Array.isArray(value)) return 'list'
  if (value === null) return 'null'
  return isNumber(value) ? 'number' : typeof value === 'string' ? 'text' : typeof value
}

function valueOf(value: Json): string {
  return canonicalJson(value).slice(0, 512)
}

/** The host of an address of e-mail, or of a URL. */
function hostOf(text: string): string | undefined {
  if (text.length > 2_048) return undefined
  const mail = /^[^\s@]+@([^\s@/]+)$/.exec(text.trim())
  if (mail !== null) return mail[1]!.toLowerCase()
  return URL.parse(text.trim())?.host.toLowerCase() || undefined
}
