// Holds the context of a decision: the decided tree in Cedar's JSON form, every integer exact, nothing rounded (INV-12).

import { isIP } from 'node:net'
import type { CedarValueJson } from '@cedar-policy/cedar-wasm/nodejs'
import { rfc3339 } from '../std/clock.ts'
import { isObject, type Json, type JsonNumber, type JsonObject } from '../std/json.ts'
import type { HistoryFacts } from '../wire/history.ts'
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

function datetime(time: number): CedarValueJson {
  if (!Number.isInteger(time) || time < 0 || time > MAX_TIME) {
    throw policyFault('policy.engine', 'a time of the call is not a time')
  }
  return { __extn: { fn: 'datetime', arg: rfc3339(time) } }
}

function person(id: string): CedarValueJson {
  return { __entity: { type: 'Person', id } }
}

/** What calls of a subject have in common; `endsAt` says the end of a task. */
function shared(
  subject: Subject,
  endsAt: (time: number) => CedarValueJson,
): Record<string, CedarValueJson> {
  const { attested = {}, task, triggers = [], triggered = [] } = subject
  const out = emptyRecord()
  out['effects'] = [...new Set([...effective(subject.effects), ...triggered])]
  out['triggers'] = [...triggers]
  if (subject.person !== undefined) out['user'] = person(subject.person.id)
  if (task !== undefined) {
    const { id, intent } = task
    out['task'] = { id, intent, person: person(task.person), endsAt: endsAt(task.endsAt) }
  }
  const elements = emptyRecord()
  for (const [name, value] of Object.entries(attested)) elements[name] = value
  if (Object.keys(elements).length > 0) out['attested'] = elements
  return out
}

/**
 * The history as policies read it. Where none is kept the record is there and empty, so that `context has history` is what the
 * schema says, and whatever is read of it errs: a forbid that asks for a count nobody has denies (INV-2).
 */
function historyRecord(history: HistoryFacts | undefined): Record<string, CedarValueJson> {
  const out = emptyRecord()
  if (history === undefined) return out
  const { actions, labels, ...windows } = history
  for (const [name, { minute, hour, day }] of Object.entries(windows)) {
    out[name] = { minute, hour, day }
  }
  out['actions'] = [...actions]
  out['labels'] = [...labels]
  return out
}

const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i

/**
 * An address as Cedar's `ip` reads it: IPv4 that came mapped into IPv6 is IPv4, and a zone is left off. What is no address stays
 * text, so that a policy which compares it errs.
 */
function address(text: string): CedarValueJson {
  const arg = text.replace(MAPPED, '').replace(/%.*$/s, '')
  return isIP(arg) === 0 ? text.slice(0, 64) : { __extn: { fn: 'ip', arg } }
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
  const builder = new Builder()
  const out = shared(subject, datetime)
  out['input'] = builder.record(type, input, '')
  out['unseen'] = [...builder.unseen].sort()
  out['now'] = datetime(now)
  out['history'] = historyRecord(subject.history)
  if (subject.network !== undefined) {
    const { listener, address: text } = subject.network
    out['network'] = { listener, ip: address(text) }
  }
  return out
}

/**
 * The context of every call that a subject could make: arguments, time, history and network unknown. So is the end of the task: it
 * means nothing without a time, and one extension value makes the library's partial evaluator give up on its whole record.
 */
export function openContext(subject: Subject): Record<string, CedarValueJson> {
  const out = shared(subject, () => unknown('endsAt'))
  for (const name of ['input', 'unseen', 'now', 'history', 'network']) out[name] = unknown(name)
  return out
}
