// Holds which members of a record are words of people, or name them: those that never stand in a leaf as they are (audit-log §1.3).

import type { Json, JsonObject } from '../../std/json.ts'
import type { RecordDraft } from '../../wire/record.ts'

/** Members of a body that people write, whatever the record: reasons above all. A record type that is new has them confided too. */
const ALWAYS: readonly string[] = ['reason', 'because', 'purpose', 'intent', 'note', 'text']

/** What else a record type says that can name people, their machines or their files. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  'instance.enrolled': ['selectors', 'composition'],
  'registration.added': ['selectors', 'composition'],
  'connection.added': ['part'],
  'connection.closed': ['part'],
}

/** What has to be seen as equal where it is equal, and names somebody at an identity provider: a pseudonym stands for it. */
const NAMING: Readonly<Record<string, readonly string[]>> = {
  'instance.enrolled': ['subject'],
}

/**
 * Whose words they are, where it is not the person of the record: those that a record is about come first, since it is their data. An
 * id of somebody else in these members is a person id.
 */
const ABOUT: Readonly<Record<string, string>> = {
  'person.changed': 'changed',
  'person.left': 'left',
  'person.key_removed': 'changed',
  'person.passkey_removed': 'changed',
  'credential.disconnected': 'of',
  'registration.added': 'onBehalfOf',
}

/** What a record has to hide. */
export interface Confided {
  readonly words: readonly string[]
  readonly names: readonly string[]
  /** Person id; undefined: nobody's. */
  readonly person: string | undefined
}

const NONE: readonly string[] = []

/**
 * What of a draft is confided; undefined where nothing is. Records of calls are never touched: what they say in words comes from
 * policies and from ourselves, and what people said of them stands in the records of approvals and locks.
 */
export function confidedIn(draft: RecordDraft): Confided | undefined {
  const { body, phase, type } = draft
  if (phase !== 'admin' && phase !== 'lifecycle') return undefined
  const words = [...ALWAYS, ...(ALSO[type] ?? NONE)].filter((name) => speaks(body[name]))
  const names = (NAMING[type] ?? NONE).filter((name) => typeof body[name] === 'string')
  if (words.length === 0 && names.length === 0) return undefined
  return { words, names, person: personIn(draft) }
}

function speaks(value: Json | undefined): boolean {
  return value !== undefined && value !== null && value !== '' && typeof value !== 'boolean'
}

function personIn({ body, person, type }: RecordDraft): string | undefined {
  const about = body[ABOUT[type] ?? '']
  if (typeof about === 'string' && about.startsWith('per_')) return about
  if (type === 'lock.added' || type === 'lock.removed') {
    const { kind, name } = body
    if (kind === 'person' && typeof name === 'string' && name.startsWith('per_')) return name
  }
  return person
}

/**
 * The commitment that a member of a body is, `sha256:` and base64url of SHA-256 over 32 random bytes and the canonical JSON of the
 * value; undefined where the member is something else.
 */
export function commitmentIn(value: Json | undefined): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const { commitment, ...more } = value as JsonObject
  const is = typeof commitment === 'string' && /^sha256:[A-Za-z0-9_-]{43}$/.test(commitment)
  return is && Object.keys(more).length === 0 ? commitment : undefined
}
