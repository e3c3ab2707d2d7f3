// Holds what a configuration file is to us: entries at places, changed so that everything else stays as it was written.

import { isDeepStrictEqual } from 'node:util'
import type { JsonObject } from '../../std/json.ts'

/** Keys from the root of a document. */
export type Place = readonly string[]

/** One server as its file has it. */
export interface Entry {
  readonly place: Place
  readonly value: JsonObject
}

/** What an entry of a server becomes. Keys that are not named stay. */
export interface EntryChange {
  readonly place: Place
  readonly remove: readonly string[]
  readonly set: readonly (readonly [key: string, value: string | readonly string[]])[]
}

/** A file that was read. Nothing here writes. */
export interface ConfigDocument {
  /** Servers in the objects at these places, in the order of the file. Throws `connect.syntax` for keys that stand twice. */
  entries(containers: readonly Place[]): readonly Entry[]
  /** The text with entries changed, and nothing else. Throws `connect.unsafe` where that cannot be. */
  rewrite(changes: readonly EntryChange[]): string
  /**
   * The text with entries of `keys` put back as an earlier text has them; other keys of an entry stay as they are now. Throws
   * `connect.unsafe`.
   */
  restore(earlier: ConfigDocument, places: readonly Place[], keys: ReadonlySet<string>): string
}

/** Keys of an entry by which a client reaches a server: what is replaced. Everything else is the person's and stays. */
export const TRANSPORT_KEYS: ReadonlySet<string> = new Set([
  'type',
  'transport',
  'command',
  'args',
  'cwd',
  'env',
  'envFile',
  'env_vars',
  'url',
  'httpUrl',
  'serverUrl',
  'headers',
  'http_headers',
  'env_http_headers',
  'bearer_token_env_var',
])

/** The entry after a change. */
export function changed(value: JsonObject, { remove, set }: EntryChange): JsonObject {
  const kept = Object.entries(value).filter(([key]) => !remove.includes(key))
  const now: JsonObject = Object.assign(Object.create(null) as JsonObject, Object.fromEntries(kept))
  for (const [key, to] of set) now[key] = typeof to === 'string' ? to : [...to]
  return now
}

/** True where two trees say the same; prototypes do not count. */
export function sameTree(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(bare(a), bare(b))
}

function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return new Map(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, bare(member)]),
  )
}
