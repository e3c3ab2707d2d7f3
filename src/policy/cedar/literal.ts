// Holds the literals of the library's JSON as values, and the reading of Cedar's JSON form of values (attributes, context).

import type { CedarValueJson } from '@cedar-policy/cedar-wasm/nodejs'
import { EXTENSIONS } from './extension.ts'
import { PlainRecord } from './record.ts'
import { notKnown, trouble } from './trouble.ts'
import { Uid } from './uid.ts'
import { CedarSet, type Value } from './value.ts'

/** Reads an integer of the JSON: exact, however it is written there. */
export type ReadInteger = (written: number) => bigint

const { isRawJSON } = JSON as unknown as { isRawJSON: (value: object) => boolean }

/** A value of Cedar's JSON form. Throws Trouble where it is none, or names an extension function that fails. */
export function fromJson(json: CedarValueJson, integer: ReadInteger = exact): Value {
  switch (typeof json) {
    case 'boolean':
    case 'string':
      return json
    case 'number':
      return integer(json)
    default:
      if (json === null) return trouble('type', 'null is no value')
      if (Array.isArray(json)) return new CedarSet(json.map((entry) => fromJson(entry, integer)))
      return fromObject(json, integer)
  }
}

function fromObject(json: Exclude<CedarValueJson, null>, integer: ReadInteger): Value {
  // Digits beyond a double come as raw JSON.
  if (isRawJSON(json as object)) return BigInt((json as unknown as { rawJSON: string }).rawJSON)
  const object = json as Record<string, CedarValueJson>
  if (Object.hasOwn(object, '__entity')) {
    const { type, id } = object['__entity'] as { type: string; id: string }
    return new Uid(type, id)
  }
  if (Object.hasOwn(object, '__extn')) {
    return called(object['__extn'] as { fn: string; arg: CedarValueJson }, integer)
  }
  const entries = Object.entries(object)
  return new PlainRecord(new Map(entries.map(([key, inner]) => [key, fromJson(inner, integer)])))
}

function called(
  { fn, arg, args }: { fn: string; arg?: CedarValueJson; args?: CedarValueJson[] },
  integer: ReadInteger,
): Value {
  if (fn === 'unknown') return notKnown()
  const given = args ?? [arg ?? null]
  const known = EXTENSIONS.get(fn)
  if (known?.arity !== given.length) return trouble('extension', `no function \`${fn}\` takes this`)
  const [first, second] = given.map((each) => fromJson(each, integer))
  return known.call(first!, second ?? first!)
}

function exact(written: number): bigint {
  return Number.isSafeInteger(written)
    ? BigInt(written)
    : trouble('overflow', 'an integer is written in a way that may have rounded it')
}
