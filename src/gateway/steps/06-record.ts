// Holds the sixth step: the intent is durable before anything else happens (INV-1).

import type { JsonObject } from '../../std/json.ts'
import { publicFault } from '../../std/fault.ts'
import type { Actor } from '../../wire/actor.ts'
import type { Decision } from '../../wire/decision.ts'
import type { Obligations } from '../../wire/obligation.ts'
import type { RecordDraft } from '../../wire/record.ts'
import type { Call } from '../call.ts'
import { deny, type Denial } from '../denial.ts'
import { personOf } from '../person.ts'
import type { Ports } from '../ports.ts'
import { reservedBody } from './05-reserve.ts'

/** The fields by which every record of a call is found. */
export function callFields(
  call: Pick<Call, 'id' | 'request'> & Partial<Pick<Call, 'actor'>>,
): Pick<RecordDraft, 'call' | 'agent' | 'instance' | 'person' | 'system' | 'action'> {
  const { actor, request } = call
  const person = actor && personOf(actor)
  return {
    call: call.id,
    system: request.system.slice(0, 64),
    action: request.action.slice(0, 128),
    ...(actor !== undefined && {
      agent: actor.agent,
      instance: actor.instance,
      ...(person !== undefined && { person }),
    }),
  }
}

/** By which credential, and under which delegations, the highest first: `binding` `none` marks an unbound bearer (INV-8). */
function actorBody({ chain, credential, delegation, district, task }: Actor): JsonObject {
  const above = chain.flatMap((one) => (one.delegation === '' ? [] : [one.delegation]))
  return {
    credential: credential.id,
    credential_kind: credential.kind,
    binding: credential.binding,
    ...(delegation !== undefined && { delegation: delegation.id }),
    ...taskMark(task),
    ...(district === true && { district: true }),
    ...(chain.length > 0 && { chain: above, delegators: chain.map((one) => one.instance) }),
  }
}

/** Marks a record of a call by an unbound bearer: every one of them has it (INV-8). */
export function unboundMark(actor: Actor | undefined): JsonObject {
  return actor?.credential.binding === 'none' ? { binding: 'none' } : {}
}

/** Names the agents that passed authority on, the highest first: what an agent does counts for the head of its chain (INV-11). */
export function lineageMark(actor: Actor | undefined): JsonObject {
  return actor === undefined || actor.chain.length === 0
    ? {}
    : { lineage: actor.chain.map((one) => one.agent) }
}

/** Names the task of a call in its records; none where there is none, which is what the registration allows. */
export function taskMark(task: Actor['task']): JsonObject {
  return task === undefined ? {} : { task: task.id }
}

/** A decision as a record holds it: every party, what determined it, and the set that decided. */
export function decisionBody(decision: Decision): JsonObject {
  return {
    answer: decision.answer,
    // Policy denied it, and observe mode let it go on: what the parties answered is what would have been.
    ...(decision.observed === true && { observed: true, would: 'deny', reason: decision.reason }),
    policy_set: decision.policySet,
    ...(decision.obligations !== undefined && {
      obligations: obligationsBody(decision.obligations),
    }),
    parties: decision.parties.map((party) => ({
      party: party.party,
      principal: party.principal,
      answer: party.answer,
      policies: party.policies.map((policy) => policy.id),
      errors: party.errors.map((error) => error.id),
      reason: party.reason,
    })),
  }
}

/** What policy asks of the answer, as a record holds it. */
function obligationsBody({ links, ...rest }: Obligations): JsonObject {
  const kinds = Object.entries(rest).map(([name, value]) => [
    name === 'maxBytes' ? 'max_bytes' : name,
    typeof value === 'number' ? value : [...value],
  ])
  return {
    ...(Object.fromEntries(kinds) as JsonObject),
    ...(links !== undefined && { links: links.map((list) => [...list]) }),
  }
}

/** Writes the intent and returns its leaf hash; a record that cannot be made durable is a denial. */
export async function record(call: Call, ports: Ports): Promise<string | Denial> {
  const { actor, approval } = call
  try {
    const receipt = await ports.audit.append({
      type: 'call.intent',
      phase: 'intent',
      ...callFields(call),
      body: {
        arguments: call.reserved.measured.arguments,
        definition: call.action.digest,
        effects: [...call.action.effects],
        decision: decisionBody(call.decision),
        ...(call.decision.observed === true && { observed: true }),
        reserved: reservedBody(call.reserved.measured),
        ...actorBody(actor),
        ...lineageMark(actor),
        ...(approval !== undefined && {
          approval: approval.id,
          set_aside: [...approval.setAside],
        }),
      },
    })
    return receipt.leaf
  } catch (error) {
    return deny('audit.unavailable', publicFault(error).detail, publicFault(error).code)
  }
}
