// Holds writing JSON for people and programs: indented, numbers exactly as they were read.

import { JsonNumber } from '../../std/json.ts'
import { visibleJson } from './visible.ts'

/**
 * A value as JSON over several lines. Takes what answers are made of: plain values, arrays, objects, and numbers that keep
 * their text. Undefined members are left out. Characters that a terminal would not show are written as JSON escapes, so
 * that the document means the same and hides nothing.
 */
export function prettyJson(value: unknown): string {
  return visibleJson(write(value, ''))
}

/** The same in one line. */
export function lineJson(value: unknown): string {
  return visibleJson(write(value, undefined))
}

function write(value: unknown, indent: string | undefined): string {
  if (value instanceof JsonNumber) return value.text
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const deeper = indent === undefined ? undefined : `${indent}  `
  const join = (open: string, parts: readonly string[], close: string): string => {
    if (parts.length === 0) return open + close
    if (indent === undefined) return open + parts.join(',') + close
    return `${open}\n${parts.map((part) => `${deeper}${part}`).join(',\n')}\n${indent}${close}`
  }
  if (Array.isArray(value)) {
    return join(
      '[',
      value.map((entry) => write(entry, deeper)),
      ']',
    )
  }
  const colon = indent === undefined ? ':' : ': '
  const members = Object.entries(value).filter(([, entry]) => entry !== undefined)
  return join(
    '{',
    members.map(([key, entry]) => JSON.stringify(key) + colon + write(entry, deeper)),
    '}',
  )
}
