// Holds the bounds of an amendment: which arguments are near enough to those that persons were shown.

import {
  canonicalJson,
  parseJson,
  RESPONSE_LIMITS,
  isObject,
  type JsonObject,
} from '../../std/json.ts'
import { utf8 } from '../../std/bytes.ts'
import { compareNumbers, isNumber } from '../../policy/number.ts'
import {
  MAX_COUNT,
  MAX_FOR_MS,
  MAX_LOOSENINGS,
  readLoosening,
  termsText,
  valueAt,
  without,
  type Loosening,
  type TaskTerms,
} from '../../wire/amendment.ts'
import { amendmentFault } from './amendment-faults.ts'

/** The arguments that were shown, and how far those of a call may differ; every agreement has to cover them. */
export interface Bounds {
  readonly input: JsonObject
  readonly loosen: readonly (readonly string[])[]
}

/** Bounds made ready to be looked at for every call. */
export interface OpenBounds extends Bounds {
  readonly covers: (input: JsonObject) => boolean
}

/** The terms as they count, where they are in order and cover the very arguments that were shown. Throws `amendment.terms`. */
export function checkedTerms(terms: TaskTerms, input: JsonObject): TaskTerms {
  const { count, forMs } = terms
  if (!Number.isSafeInteger(count) || count < 1 || count > MAX_COUNT) {
    throw amendmentFault('amendment.terms', `a count is from 1 to ${MAX_COUNT}`)
  }
  if (!Number.isSafeInteger(forMs) || forMs < 60_000 || forMs > MAX_FOR_MS) {
    throw amendmentFault('amendment.terms', 'it lasts from a minute to seven days')
  }
  if (terms.loosen.length > MAX_LOOSENINGS) {
    throw amendmentFault('amendment.terms', `at most ${MAX_LOOSENINGS} loosenings are taken`)
  }
  const loosen = [...terms.loosen].sort()
  const read = loosen.map((text) => {
    const found = readLoosening(text)
    if ('wrong' in found) throw amendmentFault('amendment.terms', found.wrong)
    return found.loosening
  })
  for (const [at, { path }] of read.entries()) {
    if (read.some((other, i) => i !== at && isWithin(path, other.path))) {
      throw amendmentFault('amendment.terms', `\`/${path.join('/')}\` is loosened twice`)
    }
  }
  if (!coveringOf(input, read)(input)) {
    throw amendmentFault('amendment.terms', 'the call that was shown is not within these bounds')
  }
  return { count, forMs, loosen }
}

function isWithin(path: readonly string[], other: readonly string[]): boolean {
  return other.length <= path.length && other.every((name, at) => path[at] === name)
}

/** The bounds ready for use. */
export function openBounds({ input, loosen }: Bounds): OpenBounds {
  const all = loosen.map((texts) => coveringOf(input, texts.flatMap(readAgain)))
  return { input, loosen, covers: (asked) => all.every((covers) => covers(asked)) }
}

/** These were read when they were agreed to; one that cannot be read any more loosens nothing. */
function readAgain(text: string): Loosening[] {
  const found = readLoosening(text)
  return 'loosening' in found ? [found.loosening] : []
}

function coveringOf(
  shown: JsonObject,
  loosen: readonly Loosening[],
): (input: JsonObject) => boolean {
  const paths = loosen.map(({ path }) => path)
  const rest = canonicalJson(without(shown, paths))
  return (input) =>
    loosen.every((one) => isLoose(one, input)) && canonicalJson(without(input, paths)) === rest
}

function isLoose(loosening: Loosening, input: JsonObject): boolean {
  if (loosening.kind === 'any') return true
  const value = valueAt(input, loosening.path)
  if (value === undefined) return false
  if (loosening.kind === 'list') return loosening.values.includes(canonicalJson(value))
  if (!isNumber(value)) return false
  const [low, high] = [compareNumbers(value, 0), compareNumbers(value, loosening.max)]
  return (low === 0 || low === 1) && (high === 0 || high === -1)
}

/** Bounds as text, to be sealed. */
export function boundsText({ input, loosen }: Bounds): string {
  return canonicalJson({ input, loosen: loosen.map((texts) => [...texts]) })
}

/** The bounds that a text holds; undefined where it holds none. */
export function boundsOf(plain: Uint8Array | undefined): Bounds | undefined {
  const tree = plain === undefined ? undefined : parseJson(plain, RESPONSE_LIMITS)
  if (!isObject(tree)) return undefined
  const { input, loosen } = tree
  if (!isObject(input) || !Array.isArray(loosen)) return undefined
  return { input, loosen: loosen.map(textsOf) }
}

function textsOf(list: unknown): string[] {
  return Array.isArray(list) ? list.filter((one): one is string => typeof one === 'string') : []
}

/** Terms as text, to be sealed, and back. */
export function sealedTerms(terms: TaskTerms): Uint8Array {
  return utf8(termsText(terms))
}

/** The terms that a text holds; undefined where it holds none. */
export function termsOf(plain: Uint8Array | undefined): TaskTerms | undefined {
  const tree = plain === undefined ? undefined : parseJson(plain, RESPONSE_LIMITS)
  if (!isObject(tree)) return undefined
  const { count, for_ms: forMs, loosen } = tree
  if (typeof count !== 'number' || typeof forMs !== 'number') return undefined
  return { count, forMs, loosen: textsOf(loosen) }
}
