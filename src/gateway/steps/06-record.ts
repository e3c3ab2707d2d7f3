// Holds the sixth step: the intent is durable before anything else happens (INV-1).

import type { JsonObject } from '../../std/json.ts'
import { publicFault } from '../../std/fault.ts'
import type { Actor } from '../../wire/actor.ts'
import type { Decision } from '../../wire/decision.ts'
import type { Obligations } from '../../wire/obligation.ts'
import type { RecordDraft } from '../../wire/record.ts'
import type { SystemDefinition } from '../../wire/system.ts'
import type { Call, CallRequest } from '../call.ts'
import { deny, type Denial } from '../denial.ts'
import { setAside } from '../lifted.ts'
import { personOf } from '../person.ts'
import type { Ports } from '../ports.ts'
import { triggerBody } from '../trigger.ts'
import { reservedBody } from './05-reserve.ts'

/** A call, or an attempt at one, as far as its records speak of it. */
export type Attributed = Pick<Call, 'id' | 'request'> &
  Partial<Pick<Call, 'actor' | 'span' | 'triggers'>>

/** The fields by which every record of a call is found. */
export function callFields(
  call: Attributed,
): Pick<
  RecordDraft,
  'call' | 'agent' | 'instance' | 'person' | 'system' | 'action' | 'task' | 'trace'
> {
  const { actor, request, span } = call
  const person = actor && personOf(actor)
  const trace = span?.trace ?? request.trace?.trace
  return {
    call: call.id,
    system: request.system.slice(0, 64),
    action: request.action.slice(0, 128),
    ...(actor !== undefined && {
      agent: actor.agent,
      instance: actor.instance,
      ...(person !== undefined && { person }),
      ...(actor.task !== undefined && { task: actor.task.id }),
    }),
    ...(trace !== undefined && { trace }),
  }
}

/**
 * Who called, by what, and what set it off: by which credential, and under which delegations, the highest first. `binding` `none` marks an
 * unbound bearer (INV-8); `claimed` is the client's word.
 */
export function attribution({ actor, request, span, triggers = [] }: Attributed): JsonObject {
  return {
    ...(actor !== undefined && actorBody(actor)),
    ...lineageMark(actor),
    ...surfaceBody(request),
    ...spanBody(request, span),
    ...triggerBody(triggers),
  }
}

function actorBody(actor: Actor): JsonObject {
  const { attested, chain, credential, delegation, district, spiffeId } = actor
  return {
    spiffe_id: spiffeId,
    credential: credential.id,
    credential_kind: credential.kind,
    binding: credential.binding,
    ...(delegation !== undefined && { delegation: delegation.id }),
    ...(district === true && { district: true }),
    ...(attested.model !== undefined && { model: attested.model }),
    // One for each agent of the lineage; nothing where it acted unattended.
    ...(chain.length > 0 && {
      chain: chain.map((one) => one.delegation),
      delegators: chain.map((one) => one.instance),
    }),
  }
}

function surfaceBody({ protocol, said, session, through }: CallRequest): JsonObject {
  const { client, model, request } = said ?? {}
  const claimed = {
    ...(client !== undefined && { client }),
    ...(model !== undefined && { model }),
    ...(request !== undefined && { request }),
  }
  return {
    ...(protocol !== undefined && { protocol }),
    ...(session !== undefined && { session }),
    ...(through !== undefined && { through }),
    ...(Object.keys(claimed).length > 0 && { claimed }),
  }
}

/** Its own span, and the one that it came in: `claimed`, since whoever called named that one and its trace. */
function spanBody({ trace }: CallRequest, span: Call['span']): JsonObject {
  if (span === undefined && trace === undefined) return {}
  return {
    span: {
      ...(span !== undefined && { id: span.span }),
      ...(trace !== undefined && { parent: trace.span, claimed: true }),
      ...((span ?? trace)?.sampled === true && { sampled: true }),
    },
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

/**
 * A decision as a record holds it: every party, what determined it, and the set that decided. Keys in canonical order, here and wherever every call
 * comes by: what is in order is written as it stands.
 */
export function decisionBody(decision: Decision): JsonObject {
  const { observed } = decision
  return {
    answer: decision.answer,
    ...(decision.obligations !== undefined && {
      obligations: obligationsBody(decision.obligations),
    }),
    // Policy denied it, and observe mode let it go on: what the parties answered is what would have been.
    ...(observed === true && { observed: true }),
    parties: decision.parties.map((party) => ({
      answer: party.answer,
      errors: party.errors.map((error) => error.id),
      party: party.party,
      policies: party.policies.map((policy) => policy.id),
      principal: party.principal,
      reason: party.reason,
    })),
    policy_set: decision.policySet,
    ...(observed === true && { reason: decision.reason, would: 'deny' }),
  }
}

/** What policy asks of the answer, as a record holds it. */
function obligationsBody({ links, ...rest }: Obligations): JsonObject {
  const kinds = Object.entries(rest).map(([name, value]) => [
    name === 'maxBytes' ? 'max_bytes' : name === 'keepDays' ? 'keep_days' : name,
    typeof value === 'number' ? value : [...value],
  ])
  return {
    ...(Object.fromEntries(kinds) as JsonObject),
    ...(links !== undefined && { links: links.map((list) => [...list]) }),
  }
}

const UPSTREAMS = new WeakMap<SystemDefinition, JsonObject>()

/** Where a call goes: by which transport, and to which address where it crosses a network. Worked out once for each definition. */
function upstreamBody(system: SystemDefinition): JsonObject {
  const known = UPSTREAMS.get(system)
  if (known !== undefined) return known
  const { transport } = system
  const address = 'url' in transport ? new URL(transport.url).host : undefined
  const network =
    transport.kind === 'stdio' ? 'pipe' : transport.kind === 'external' ? 'none' : 'tcp'
  const body: JsonObject = {
    upstream: {
      kind: transport.kind,
      transport: network,
      ...(address !== undefined && { address }),
    },
  }
  UPSTREAMS.set(system, body)
  return body
}

/** Writes the intent and returns its leaf hash; a record that cannot be made durable is a denial. */
export async function record(call: Call, ports: Ports): Promise<string | Denial> {
  const { amended, approval, checked, request, system, timings } = call
  const aside = [...setAside(call)]
  call.span = ports.effects.sent(
    { id: call.id, system: system.name, action: call.action.name },
    request.trace,
  )
  timings.end('decide')
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
        ...attribution(call),
        ...upstreamBody(system),
        timings: timings.body(),
        ...(approval !== undefined && { approval: approval.id }),
        ...(amended !== undefined && { amendments: [...amended.amendments] }),
        ...(checked !== undefined && { checks: [...checked.records] }),
        ...(aside.length > 0 && { set_aside: aside }),
      },
    })
    timings.end('record')
    return receipt.leaf
  } catch (error) {
    return deny('audit.unavailable', publicFault(error).detail, publicFault(error).code)
  }
}
