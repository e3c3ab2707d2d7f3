// Holds the second half of the fifth step: what a call uses up is measured, and taken before anything of it is done.

import { canonicalJson, isObject, JsonNumber, type Json, type JsonObject } from '../../std/json.ts'
import type { Actor } from '../../wire/actor.ts'
import { MAX_RECIPIENTS, type Measured, type Reservation, type Spent } from '../../wire/reserve.ts'
import type { ActionDefinition } from '../../wire/system.ts'
import { deny, isDenial, type Denial } from '../denial.ts'
import { GATEWAY_FAULTS } from '../faults.ts'
import { personOf } from '../person.ts'
import type { Ports } from '../ports.ts'
import type { Resolved } from './03-resolve.ts'

/** What was taken for a call, and what of it stands in its intent. */
export interface Reserved {
  readonly measured: Measured
  readonly taken: Reservation
}

const NOBODY: readonly string[] = []

/**
 * Measures what a call would use up. A measure that somebody declared and that these arguments do not give is a denial: what is not
 * known cannot be counted.
 */
export function measure(
  action: ActionDefinition,
  { actor, input }: { readonly actor: Actor; readonly input: JsonObject },
  { commitments }: Pick<Ports, 'commitments'>,
): Measured | Denial {
  const person = personOf(actor)
  const { effects, labels = NOBODY, measures } = action
  const money = measures?.money === undefined ? undefined : moneyAt(measures.money, input)
  if (isDenial(money)) return money
  const names = measures?.recipients === undefined ? [] : recipientsAt(measures.recipients, input)
  if (isDenial(names)) return names
  const text = canonicalJson(input)
  return {
    writes: effects.length === 0 || effects.some((effect) => effect !== 'read'),
    ...(money !== undefined && { money }),
    bytes: Buffer.byteLength(text),
    recipients: names.slice(0, MAX_RECIPIENTS).map((name) => commitments.commit(name, person)),
    more: Math.max(0, names.length - MAX_RECIPIENTS),
    labels,
    arguments: commitments.commit(text, person),
    unmeasured: money === undefined && (effects.length === 0 || effects.includes('spend')),
  }
}

/** Denies a call for which there is not enough left, and takes nothing: nobody is asked about such a call. */
export function checkSpent(
  actor: Actor,
  { system, action }: Resolved,
  measured: Measured,
  ports: Pick<Ports, 'history'>,
): Denial | undefined {
  const spent = ports.history.check({ actor, system: system.name, action: action.name, measured })
  return spent && denied(spent)
}

/**
 * Takes what a call uses up. INVARIANT: nothing is awaited between the decision and this, nor between this and the intent, so that
 * no other call was decided on the same remainder, and the log has the same order as the counts.
 */
export function reserve(
  actor: Actor,
  { system, action }: Resolved,
  measured: Measured,
  ports: Pick<Ports, 'history'>,
): Reserved | Denial {
  const taken = ports.history.reserve({ actor, system: system.name, action: action.name, measured })
  return 'spent' in taken ? denied(taken) : { measured, taken }
}

/** What the intent record says of it: whoever replays the log counts the same. */
export function reservedBody(measured: Measured): JsonObject {
  const { writes, money, bytes, recipients, more, labels } = measured
  return {
    ...(writes && { writes: 1 }),
    ...(money !== undefined && { money }),
    bytes,
    recipients: [...recipients],
    ...(more > 0 && { more }),
    labels: [...labels],
  }
}

function denied({ code, detail, because, retryMs }: Spent): Denial {
  const { next } = GATEWAY_FAULTS[code]
  return {
    denied: true,
    code,
    detail,
    next,
    ...(because !== undefined && { because }),
    ...(retryMs !== undefined && { retryAfterMs: retryMs }),
  }
}

function bad(pointer: string, wanted: string): Denial {
  return deny('reserve.bad_measure', `\`${pointer}\` is counted here and is not ${wanted}`)
}

/** Whole, in the minor unit, written as plain digits. `1.0` and `1e2` are other texts for a number that some system may read otherwise. */
function moneyAt(pointer: string, input: JsonObject): number | Denial {
  const value = at(pointer, input)
  const text =
    value instanceof JsonNumber ? value.text : typeof value === 'number' ? String(value) : ''
  // The length first: reading a million digits takes its time.
  if (!/^\d{1,16}$/.test(text) || BigInt(text) > BigInt(Number.MAX_SAFE_INTEGER)) {
    return bad(pointer, 'a whole number from 0 to 2^53-1')
  }
  return Number(text)
}

/** Distinct texts. Nothing is folded: two spellings that a system might take for two count as two. */
function recipientsAt(pointers: readonly string[], input: JsonObject): string[] | Denial {
  const names = new Set<string>()
  for (const pointer of pointers) {
    const value = at(pointer, input)
    if (value === undefined || value === null) continue
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one !== 'string') return bad(pointer, 'a text or an array of texts')
      for (const name of namesIn(one)) names.add(name)
    }
  }
  return [...names]
}

/** One text can name several: a list with commas is as many recipients as it would reach, or more. */
function namesIn(text: string): string[] {
  return text
    .split(/[,;\r\n]/)
    .flatMap((part) => (part.indexOf('@') === part.lastIndexOf('@') ? [part] : part.split(/\s/)))
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** The value at a JSON pointer (RFC 6901); undefined where there is none. */
function at(pointer: string, input: JsonObject): Json | undefined {
  let value: Json | undefined = input
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~')
    if (Array.isArray(value)) {
      value = /^(?:0|[1-9]\d*)$/.test(key) ? value[Number(key)] : undefined
    } else if (isObject(value) && Object.hasOwn(value, key)) {
      value = value[key]
    } else return undefined
  }
  return value
}
