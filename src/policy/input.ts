// Holds the arguments of a call as policies read them: typed by the pinned definition, nothing rounded (INV-12).

import { isObject, type Json, type JsonNumber, type JsonObject } from '../std/json.ts'
import { Decimal } from './cedar/decimal.ts'
import { PlainRecord } from './cedar/record.ts'
import { CedarSet, type CedarRecord, type Value } from './cedar/value.ts'
import { policyFault } from './faults.ts'
import { isNumber, numberText, toDecimal, toLong } from './number.ts'
import { pointer, type CedarType, type RecordType } from './type.ts'

/** Pointers that `unseen` lists before it ends in `…`. */
const MAX_UNSEEN = 64

/** Arguments as policies see them. */
export interface Input {
  readonly record: CedarRecord
  /** Pointers of what was sent and is not in the record, sorted. */
  readonly unseen: readonly string[]
}

/**
 * Reads arguments. Throws `policy.argument_shape` where they are not what the pinned definition says, `policy.argument_range` for
 * an integer beyond 64 bits.
 */
export function readInput(type: RecordType, input: JsonObject): Input {
  const reader = new Reader()
  const record = reader.record(type, input, '')
  return { record, unseen: reader.unseen.size === 0 ? [] : [...reader.unseen].sort() }
}

function misfit(path: string, wanted: string): Error {
  return policyFault('policy.argument_shape', `the argument \`${shown(path)}\` is not ${wanted}`)
}

function shown(path: string): string {
  return JSON.stringify(path.slice(0, 96)).slice(1, -1)
}

class Reader {
  readonly unseen = new Set<string>()

  miss(path: string): void {
    if (this.unseen.size < MAX_UNSEEN) this.unseen.add(path)
    else this.unseen.add('…')
  }

  value(type: CedarType, value: Json, path: string): Value {
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
      case 'set': {
        if (!Array.isArray(value)) throw misfit(path, 'an array')
        const inside = `${path}/*`
        return new CedarSet(value.map((entry) => this.value(type.element, entry, inside)))
      }
      case 'record':
        if (!isObject(value)) throw misfit(path, 'an object')
        return this.record(type, value, path)
    }
  }

  record(type: RecordType, value: JsonObject, path: string): CedarRecord {
    const out = new Map<string, Value>()
    for (const [name, { type: inner, required, nullable }] of type.attributes) {
      const member = Object.hasOwn(value, name) ? value[name] : undefined
      if (member === undefined || (member === null && nullable)) {
        if (required) throw misfit(pointer(path, name), 'there')
        continue
      }
      out.set(name, this.value(inner, member, pointer(path, name)))
    }
    for (const name of Object.keys(value)) {
      if (!type.attributes.has(name) && value[name] !== undefined) this.miss(pointer(path, name))
    }
    return new PlainRecord(out)
  }
}

function long(value: number | JsonNumber, path: string): bigint {
  const integer = toLong(value)
  if (integer !== undefined) return integer
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
function decimal(value: number | JsonNumber): Decimal | string {
  const text = toDecimal(value)
  return text === undefined ? numberText(value).slice(0, 64) : Decimal.read(text)
}
