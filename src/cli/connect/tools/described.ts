// Holds how the built-in tools of clients are described: their names, the members that policies may speak of, and what they do.

import type { JsonObject } from '../../../std/json.ts'
import { EFFECTS, type Effect } from '../../../wire/effect.ts'

/** One tool. */
export interface DescribedTool {
  readonly name: string
  readonly effects: readonly Effect[]
  readonly inputSchema: JsonObject
}

/** Types of members, as short as they can be said. */
export type Member = 'text' | 'number' | 'flag' | 'texts'

const TYPES: Readonly<Record<Member, JsonObject>> = {
  text: { type: 'string' },
  number: { type: 'integer' },
  flag: { type: 'boolean' },
  texts: { type: 'array', items: { type: 'string' } },
}

/** Effects of tools that run whatever they are told. */
export const EVERYTHING: readonly Effect[] = EFFECTS
/** Of those that look at files. */
export const LOOKS: readonly Effect[] = ['read']
/** Of those that change files, or plans. */
export const CHANGES: readonly Effect[] = ['write']
/** Of those that fetch from elsewhere: what is asked for leaves this machine. */
export const FETCHES: readonly Effect[] = ['read', 'external']

/** A tool with the members that its client documents; further ones pass, so that a newer client is not refused for them. */
export function tool(
  name: string,
  effects: readonly Effect[],
  members: Readonly<Record<string, Member>> = {},
): DescribedTool {
  const properties = Object.fromEntries(
    Object.entries(members).map(([member, type]) => [member, TYPES[type]]),
  )
  return { name, effects, inputSchema: { type: 'object', properties, additionalProperties: true } }
}
