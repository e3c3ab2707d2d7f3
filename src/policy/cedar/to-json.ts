// Holds the writing of values in Cedar's JSON form, for the library: every integer with all of its digits.

import type { CedarValueJson } from '@cedar-policy/cedar-wasm/nodejs'
import { rfc3339 } from '../../std/clock.ts'
import { DateTime, Duration } from './datetime.ts'
import { Decimal } from './decimal.ts'
import { Uid } from './uid.ts'
import { CedarRecord, CedarSet, type Value } from './value.ts'

/**
 * The library turns its argument into text by `JSON.stringify`, and reads integers from that text exactly; raw JSON
 * is how digits beyond 2^53 get into it.
 */
const { rawJSON } = JSON as unknown as { rawJSON: (this: void, text: string) => CedarValueJson }

/** A record without a prototype, so that no name of an attribute means anything to JavaScript. */
export function recordToJson(record: CedarRecord): Record<string, CedarValueJson> {
  const out = Object.create(null) as Record<string, CedarValueJson>
  for (const [name, value] of record.entries()) out[name] = valueToJson(value)
  return out
}

/** A value. Moments have to be of the years 1970 to 9999. */
function valueToJson(value: Value): CedarValueJson {
  switch (typeof value) {
    case 'boolean':
    case 'string':
      return value
    case 'bigint':
      return rawJSON(value.toString())
    default:
      if (value instanceof Uid) return { __entity: { type: value.type, id: value.id } }
      if (value instanceof CedarSet) return value.elements.map(valueToJson)
      if (value instanceof CedarRecord) return recordToJson(value)
      if (value instanceof DateTime) return extension('datetime', rfc3339(Number(value.value)))
      if (value instanceof Duration) return extension('duration', `${value.value}ms`)
      return extension(value instanceof Decimal ? 'decimal' : 'ip', value.text())
  }
}

function extension(fn: string, arg: string): CedarValueJson {
  return { __extn: { fn, arg } }
}
