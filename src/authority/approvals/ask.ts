// Holds what an approval is asked with, and the document that it becomes.

import { base64url, fromBase64url, utf8 } from '../../std/bytes.ts'
import {
  RESPONSE_LIMITS,
  canonicalJson,
  isObject,
  parseJson,
  type JsonObject,
} from '../../std/json.ts'
import { subjectOf, type Subjects } from '../../audit/side/subjects.ts'
import type { Sealer } from '../../keys/ring.ts'
import type { Approval } from '../../store/rows/approval.ts'
import { keptAhead, type AheadAsk } from './ahead.ts'
import type { Actor } from '../../wire/actor.ts'
import type { Gate } from '../../wire/decision.ts'

/** One held call, as the gateway asks for it (INV-6). */
export interface ApprovalAsk {
  /** Digest of actor, delegation, action, arguments and definition. */
  readonly callDigest: string
  /** Id of the governed call. */
  readonly call: string
  readonly actor: Actor
  readonly system: string
  readonly action: string
  /** The arguments: sealed at rest, shown to who decides. */
  readonly input: JsonObject
  readonly effects: readonly string[]
  /** At least one: a hold without a gate is a denial. */
  readonly gates: readonly Gate[]
  readonly reason: string
  /** Digest of the action's pinned definition. */
  readonly definition: string
  readonly policySet: string
  /** Present where it is asked ahead: on what terms for the task, and what the agent says of it. */
  readonly ahead?: AheadAsk
  /** Person ids that policy keeps from approving this call. */
  readonly excluded?: readonly string[]
  /** ms since the epoch. */
  readonly expiresAt: number
}

/** The pending approval that an ask becomes; its subject is `ready`. */
export function pending(
  ask: ApprovalAsk,
  id: string,
  now: number,
  subjects: Pick<Subjects, 'seal' | 'macOf'>,
): Approval {
  const { actor } = ask
  const subject = subjectOf(actor.delegation?.person)
  return {
    id,
    state: 'pending',
    callDigest: ask.callDigest,
    call: ask.call,
    instance: actor.instance,
    agent: actor.agent,
    spiffeId: actor.spiffeId,
    owner: actor.owner,
    ...(actor.delegation === undefined
      ? {}
      : { delegation: { id: actor.delegation.id, person: actor.delegation.person } }),
    ...(actor.task === undefined ? {} : { task: { id: actor.task.id, intent: actor.task.intent } }),
    ...(actor.chain.length === 0
      ? {}
      : {
          chain: actor.chain.map(({ delegation, instance, agent, owner }) => {
            return { delegation, instance, agent, owner }
          }),
        }),
    ...(actor.credential.binding === 'none' ? { binding: 'none' as const } : {}),
    system: ask.system,
    action: ask.action,
    effects: ask.effects,
    subject,
    sealed: base64url(subjects.seal(subject, utf8(canonicalJson(ask.input)), context(id))),
    gates: ask.gates,
    ...(ask.ahead !== undefined && { ahead: keptAhead(id, subject, ask.ahead, subjects) }),
    reason: ask.reason,
    definition: ask.definition,
    policySet: ask.policySet,
    excluded: ask.excluded ?? [],
    agreements: [],
    requestedAt: now,
    expiresAt: ask.expiresAt,
  }
}

/** The arguments of an open approval; undefined once it is final, as they are not kept, or erased with their subject. */
export function openArguments(
  approval: Approval,
  keys: { readonly subjects: Pick<Subjects, 'open'>; readonly old: Sealer },
): JsonObject | undefined {
  if (approval.sealed === '') return undefined
  const sealed = fromBase64url(approval.sealed) ?? new Uint8Array()
  const { id, subject } = approval
  const plain =
    subject === undefined
      ? keys.old.open(sealed, context(id))
      : keys.subjects.open(subject, sealed, context(id))
  const input = plain && parseJson(plain, RESPONSE_LIMITS)
  return isObject(input) ? input : undefined
}

/** Arguments sealed for one approval open for no other. */
function context(id: string): string {
  return `approval/${id}`
}
