// Holds the text of a kept call: one line of JSON, whose arguments keep every digit.

import { base64url, fromBase64url } from '../../std/bytes.ts'
import {
  isObject,
  parseJson,
  stringifyJson,
  type JsonLimits,
  type JsonObject,
} from '../../std/json.ts'
import type { Answer, DecisionRequest } from '../../wire/decision.ts'
import type { TrafficEntry } from '../../wire/traffic.ts'

/** An entry holds what a caller sent, and what the server knows besides: bounded by the limits of both. */
const LIMITS: JsonLimits = { bytes: 4_194_304, depth: 80, values: 200_000, keys: 'exact' }

/** One line. Nothing that is set aside is kept: an entry is of the first decision about a call. */
export function entryText({ request, ...rest }: TrafficEntry): string {
  const { input, setAside: _, ...facts } = request
  return `{"entry":${JSON.stringify(rest)},"facts":${JSON.stringify(facts)},"input":${stringifyJson(input)}}`
}

/** What a sealed line begins with; one of JSON never does. */
const SEALED = 0x40

/** A line whose entry is sealed under the key of a person: erasing them erases it where it stands. `@<subject> <base64url>`. */
export function sealedLine(subject: string, sealed: Uint8Array): string {
  return `@${subject} ${base64url(sealed)}`
}

/** What a sealed line holds; undefined where the line is none. */
export function readSealedLine(
  line: Uint8Array,
): { readonly subject: string; readonly sealed: Uint8Array } | undefined {
  if (line[0] !== SEALED) return undefined
  const [subject = '', text = ''] = Buffer.from(line).toString('latin1', 1).split(' ', 2)
  const sealed = fromBase64url(text)
  return sealed === undefined ? undefined : { subject, sealed }
}

/** The entry of a line; undefined where the line is none. */
export function readEntry(line: Uint8Array): TrafficEntry | undefined {
  const tree = parseJson(line, LIMITS)
  if (!isObject(tree)) return undefined
  const { entry, facts, input } = tree
  if (!isObject(entry) || !isObject(facts) || !isObject(input)) return undefined
  const { call, answer, by, policySet, observed } = entry
  if (typeof call !== 'string' || !isAnswer(answer) || typeof policySet !== 'string')
    return undefined
  if (!Array.isArray(by) || typeof facts['now'] !== 'number') return undefined
  return {
    call,
    request: requestOf(facts, input),
    answer,
    by: by.filter((id) => typeof id === 'string'),
    policySet,
    ...(observed === true && { observed }),
  }
}

function isAnswer(value: unknown): value is Answer {
  return value === 'allow' || value === 'deny' || value === 'hold'
}

/** What we sealed is what we wrote: its shape is ours, and was checked when the call was decided. */
function requestOf(facts: JsonObject, input: JsonObject): DecisionRequest {
  return { ...facts, input, setAside: new Set() } as unknown as DecisionRequest
}
