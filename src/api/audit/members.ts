// Holds the reading of members of records: whatever an older gateway wrote, of any form, without a throw.

import { isObject, JsonNumber, type Json, type JsonObject } from '../../std/json.ts'

/** The text of a member; null where it is none. */
export function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null
}

/** The texts of a list; nothing where it is none. */
export function textsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : []
}

/** A whole number; null where it is none. */
export function countOf(value: Json | undefined): number | null {
  const read = value instanceof JsonNumber ? Number(value.text) : value
  return typeof read === 'number' && Number.isSafeInteger(read) ? read : null
}

/** An object; an empty one where it is none. */
export function objectOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {}
}

/** The objects of a list. */
export function objectsOf(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

/** The numbers of an object, by name. */
export function numbersOf(value: Json | undefined): Record<string, number> {
  const pairs = Object.entries(objectOf(value)).flatMap(([name, one]) => {
    const count = countOf(one)
    return count === null ? [] : [[name, count] as const]
  })
  return Object.fromEntries(pairs)
}
