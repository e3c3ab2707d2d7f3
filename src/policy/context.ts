// Holds the context of a decision: the decided tree in Cedar's JSON form, every integer exact, nothing rounded (INV-12).

import type { CedarValueJson } from '@cedar-policy/cedar-wasm/nodejs'
import { rfc3339 } from '../std/clock.ts'
import { isObject, type Json, type JsonNumber, type JsonObject } from '../std/json.ts'
import { effective, type Subject } from './entity.ts'
import { policyFault } from './faults.ts'
import { isNumber, numberText, toDecimal, toLong } from './number.ts'
import { pointer, type CedarType, type RecordType } from './type.ts'

/** Pointers that `unseen` lists before it ends in `…`. */
const MAX_UNSEEN = 64

/** The last moment that Cedar's datetime text can say: the end of the year 9999. */
const MAX_TIME = 253_402_300_799_999

/**
 * The library turns its argument into text by `JSON.stringify`, and reads integers from that text exactly; raw JSON
 * is how digits beyond 2^53 get into it. `context.test.ts` would notice if a new version read them in another way.
 */
const { rawJSON } = JSON as unknown as { rawJSON: (this: void, text: string) => CedarValueJson }

function misfit(path: string, wanted: string): Error {
  return policyFault('policy.argument_shape', `the argument \`${shown(path)}\` is not ${wanted}`)
}

function shown(path: string): string {
  return JSON.stringify(path.slice(0, 96)).slice(1, -1)
}

/** A record without a prototype, so that no name of an argument means anything to JavaScript. */
function emptyRecord(): Record<string, CedarValueJson> {
  return Object.create(null) as Record<string, CedarValueJson>
}

class Builder {
  readonly unseen = new Set<string>()

  miss(path: string): void {
    if (this.unseen.size < MAX_UNSEEN) this.unseen.add(path)
    else this.unseen.add('…')
  }

  value(type: CedarType, value: Json, path: string): CedarValueJson {
    switch (type.kind) {
      case 'string':
        if (typeof value !== 'string') throw misfit(path, 'a string')
        return value
      case 'bool':
        if (typeof value !== 'boolean') throw misfit(path, 'a boolean')
        return value
      case 'long':
        if (!isNumber(value)) throw misfit(path, 'an integer')
        return long(value, path)
      case 'decimal':
        if (!isNumber(value)) throw misfit(path, 'a number')
        return decimal(value)
      case 'set':
        if (!Array.isArray(value)) throw misfit(path, 'an array')
        return value.map((entry) => this.value(type.element, entry, `${path}/*`))
      case 'record':
        if (!isObject(value)) throw misfit(path, 'an object')
        return this.record(type, value, path)
    }
  }

  record(type: RecordType, value: JsonObject, path: string): Record<string, CedarValueJson> {
    const out = emptyRecord()
    for (const [name, { type: inner, required, nullable }] of type.attributes) {
      const member = Object.hasOwn(value, name) ? value[name] : undefined
      if (member === undefined || (member === null && nullable)) {
        if (required) throw misfit(pointer(path, name), 'there')
        continue
      }
      out[name] = this.value(inner, member, pointer(path, name))
    }
    for (const name of Object.keys(value)) {
      if (!type.attributes.has(name) && value[name] !== undefined) this.miss(pointer(path, name))
    }
    return out
  }
}

function long(value: number | JsonNumber, path: string): CedarValueJson {
  const integer = toLong(value)
  if (integer !== undefined) return rawJSON(integer.toString())
  throw policyFault(
    'policy.argument_range',
    `the argument \`${shown(path)}\` is not an integer of 64 bits`,
  )
}

/**
 * A number that four fraction digits cannot say exactly becomes its own text. Whether it is there is then still true,
 * whether it equals some decimal is still (truly) false, and a policy that compares it errs, which denies if the
 * policy is a forbid (INV-2). Leaving it out would let `has` pass it by.
 */
function decimal(value: number | JsonNumber): CedarValueJson {
  const arg = toDecimal(value)
  return arg === undefined ? numberText(value).slice(0, 64) : { __extn: { fn: 'decimal', arg } }
}

/** A value that the partial evaluator treats as not known. */
function unknown(name: string): CedarValueJson {
  return { __extn: { fn: 'unknown', arg: name } }
}

function shared(subject: Subject): Record<string, CedarValueJson> {
  const out = emptyRecord()
  out['effects'] = [...effective(subject.effects)]
  if (subject.person !== undefined) {
    out['user'] = { __entity: { type: 'Person', id: subject.person.id } }
  }
  const { attested = {} } = subject
  const elements = emptyRecord()
  for (const [name, value] of Object.entries(attested)) elements[name] = value
  if (Object.keys(elements).length > 0) out['attested'] = elements
  return out
}

/**
 * The context of one call. Throws `policy.argument_shape` where the arguments are not what the pinned definition says,
 * `policy.argument_range` for an integer beyond 64 bits, `policy.engine` for a time that Cedar cannot say.
 */
export function callContext(
  type: RecordType,
  subject: Subject,
  input: JsonObject,
  now: number,
): Record<string, CedarValueJson> {
  if (!Number.isInteger(now) || now < 0 || now > MAX_TIME) {
    throw policyFault('policy.engine', 'the time of the call is not a time')
  }
  const builder = new Builder()
  const out = shared(subject)
  out['input'] = builder.record(type, input, '')
  out['unseen'] = [...builder.unseen].sort()
  out['now'] = { __extn: { fn: 'datetime', arg: rfc3339(now) } }
  return out
}

/** The context of every call that a subject could make: arguments and time unknown. */
export function openContext(subject: Subject): Record<string, CedarValueJson> {
  const out = shared(subject)
  for (const name of ['input', 'unseen', 'now']) out[name] = unknown(name)
  return out
}
