// Holds what set a call off, as its record says it: and the one parser of what a client claims of that. History: v1.

import { isObject, type Json, type JsonObject } from '../std/json.ts'
import { isUuid } from '../std/id.ts'

/** What can set a call off: a person's turn, a schedule, the output of a tool, another agent, or a system that asked or called back. */
type TriggerKind = 'person' | 'schedule' | 'tool' | 'agent' | 'system'

/** How that is known: signed by a key that we hold, seen by us, or said by the client and by nobody else. */
type TriggerSource = 'attested' | 'observed' | 'claimed'

/** One thing that set a call off, as its record has it. */
export interface Trigger {
  readonly by: TriggerKind | 'unreadable'
  readonly how: TriggerSource
  /** The call before: whose answer was given, in whose course it was asked, or whose upstream called back. */
  readonly call?: string
  /** Of a claim: true where the instance was given the answer of the call that it names. */
  readonly seen?: boolean
  readonly id?: string
  readonly digest?: string
  /** The signed task, and the key that signed it. */
  readonly task?: string
  readonly key?: string
  /** Who handed the authority on, and by which delegation. */
  readonly agent?: string
  readonly instance?: string
  readonly delegation?: string
}

/** What a client says set its call off. Ids and a digest, never text; no authority (INV-11). */
export interface ClaimedTrigger {
  readonly by: Exclude<TriggerKind, 'system'>
  /** The client's own id of the turn, the schedule, the message. */
  readonly id?: string
  /** Id of the governed call whose answer it was. */
  readonly call?: string
  /** `sha256:<64 hexadecimal digits>` of what was said. */
  readonly digest?: string
}

/** A claim, or that there was one which is none to the letter. */
export type TriggerClaim = ClaimedTrigger | 'unreadable'

/** Characters of a claim in a header, and of an id in it. */
const MAX_HEADER = 256
const KINDS: ReadonlySet<string> = new Set(['person', 'schedule', 'tool', 'agent'])
const MEMBERS: ReadonlySet<string> = new Set(['by', 'id', 'call', 'digest'])
const ID = /^[A-Za-z0-9._:-]{1,64}$/
const DIGEST = /^sha256:[0-9a-f]{64}$/

/** Reads the claim in `_meta`: an object of known members, each of its own form. Undefined where there is none. Never throws. */
export function triggerInMeta(value: Json | undefined): TriggerClaim | undefined {
  if (value === undefined) return undefined
  return isObject(value) ? claimOf(value) : 'unreadable'
}

/**
 * Reads the claim in a header: a kind, then parameters as in `person;id=turn-7;digest=sha256:…`, each at most once. Undefined where there
 * is none. Never throws.
 */
export function triggerInHeader(
  value: string | readonly string[] | undefined,
): TriggerClaim | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || value.length > MAX_HEADER) return 'unreadable'
  const [by = '', ...parameters] = value.split(';').map((part) => part.trim())
  const members: JsonObject = { by }
  for (const parameter of parameters) {
    const equals = parameter.indexOf('=')
    const name = parameter.slice(0, Math.max(0, equals))
    if (!MEMBERS.has(name) || Object.hasOwn(members, name)) return 'unreadable'
    members[name] = parameter.slice(equals + 1)
  }
  return claimOf(members)
}

function claimOf(members: JsonObject): TriggerClaim {
  if (!Object.keys(members).every((name) => MEMBERS.has(name))) return 'unreadable'
  const { by, id, call, digest } = members
  if (typeof by !== 'string' || !KINDS.has(by)) return 'unreadable'
  if (id !== undefined && !(typeof id === 'string' && ID.test(id))) return 'unreadable'
  if (call !== undefined && !(typeof call === 'string' && isUuid(call))) return 'unreadable'
  if (digest !== undefined && !(typeof digest === 'string' && DIGEST.test(digest))) {
    return 'unreadable'
  }
  return {
    by: by as ClaimedTrigger['by'],
    ...(id !== undefined && { id }),
    ...(call !== undefined && { call }),
    ...(digest !== undefined && { digest }),
  }
}
