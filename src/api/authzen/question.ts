// Holds the reading of an AuthZEN question: what it names in our words, and the refusal of what only the server may say.

import type { Json, JsonObject } from '../../std/json.ts'
import { parseSpiffeId } from '../../wire/spiffe.ts'
import type { Evaluation } from '../../wire/api/authzen.ts'
import { isUuid } from '../../std/id.ts'
import { authzenFault } from './faults.ts'

/**
 * What the server derives. A caller that says any of it, in whatever part, is refused: that it would be ignored could be taken for
 * a yes.
 */
const DERIVED: ReadonlySet<string> = new Set([
  'history',
  'now',
  'effects',
  'triggers',
  'user',
  'attested',
  'network',
  'unseen',
  'input',
  'roles',
  'delegation',
  'delegators',
  'scopes',
  'agent',
  'environment',
  'person',
  'labels',
  'taskless',
  'approval',
  'observe',
])

/** What of the context and the resource is the server's as well; of a subject it is the id of what it works on. */
const TASK = 'task'

/** An instance as somebody named it. */
export interface NamedInstance {
  readonly instance: string
  /** Where it was named by it. */
  readonly spiffeId?: string
}

/** A question in our words. */
export interface Named extends NamedInstance {
  readonly task?: string
  readonly system: string
  readonly action: string
  readonly input: JsonObject
}

/** A copy without a prototype: what the strict reader gives, whatever the schema made of it. */
export function tree(value: Readonly<Record<string, unknown>> | undefined): JsonObject {
  const out = Object.create(null) as JsonObject
  for (const [name, one] of Object.entries(value ?? {})) out[name] = one as Json
  return out
}

/** Throws `authzen.derived` for members that only the server may say. */
function checkDerived(part: string, said: Readonly<Record<string, unknown>> | undefined): void {
  const taken = part === 'subject.properties' ? TASK : undefined
  const name = Object.keys(said ?? {}).find(
    (one) => DERIVED.has(one) || (one === TASK && one !== taken),
  )
  if (name === undefined) return
  throw authzenFault(
    'authzen.derived',
    `\`${part}.${name}\` is derived by the server, and not taken`,
  )
}

/** The instance that a subject names: its id, or its SPIFFE ID. Throws `authzen.subject`. */
export function instanceOf(subject: { readonly type: string; readonly id: string }): NamedInstance {
  if (subject.type !== 'instance') {
    throw authzenFault('authzen.subject', 'the only type of a subject is `instance`')
  }
  if (isUuid(subject.id)) return { instance: subject.id }
  const named = parseSpiffeId(subject.id)
  if (named?.kind === 'instance') {
    return { instance: named.instance, spiffeId: subject.id }
  }
  throw authzenFault('authzen.subject', 'the id of a subject is an instance id or its SPIFFE ID')
}

/** The system that a resource names. Throws `authzen.resource`. */
export function systemOf(resource: { readonly type: string; readonly id: string }): string {
  if (resource.type === 'system') return resource.id
  throw authzenFault('authzen.resource', 'the only type of a resource is `system`')
}

/**
 * Reads a question. Properties that mean nothing to anybody are left out, as the standard has it: no policy can have looked at them.
 * Throws `authzen.*`.
 */
export function named({ subject, action, resource, context }: Evaluation): Named {
  const instance = instanceOf(subject)
  const system = systemOf(resource)
  checkDerived('context', context)
  checkDerived('resource.properties', resource.properties)
  checkDerived('subject.properties', subject.properties)
  const task = subject.properties?.[TASK]
  if (task !== undefined && typeof task !== 'string') {
    throw authzenFault('authzen.subject', '`subject.properties.task` is no text')
  }
  const input = tree(action.properties)
  return { ...instance, ...(task !== undefined && { task }), system, action: action.name, input }
}
