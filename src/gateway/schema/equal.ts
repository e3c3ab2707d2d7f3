// Holds the equality of JSON values as JSON Schema has it: numbers by what they are worth, objects in any order.

import { isObject, type Json } from '../../std/json.ts'
import { isNumber, numberKey } from '../../policy/number.ts'

/** One text for all values that are equal, and for no others (JSON Schema Core §4.2.2). */
export function valueKey(value: Json): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if (isNumber(value)) return numberKey(value)
  if (Array.isArray(value)) return `[${value.map(valueKey).join()}]`
  if (!isObject(value)) return ''
  const keys = Object.keys(value).sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${valueKey(value[key]!)}`).join()}}`
}
