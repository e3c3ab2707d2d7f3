// Holds one call as one story, out of its records: who, by what authority, decided how, what went out, what came back, what followed.

import type { LoggedRecord } from '../../audit/log-reader.ts'
import { shardAt } from '../../audit/shard.ts'
import type { AuditRecord } from '../../wire/record.ts'
import type { CallStory } from '../../wire/api/story.ts'
import type { ControlPorts } from '../ports.ts'
import { followed } from './followed.ts'
import { countOf, numbersOf, objectOf, objectsOf, textOf, textsOf } from './members.ts'
import type { StoryLog } from './story-records.ts'

type People = Pick<ControlPorts['authority'], 'people'>

/** Tells the story of a call; `records` are its own, the oldest first. */
export function callStory(
  { people }: People,
  log: StoryLog,
  call: string,
  records: readonly LoggedRecord[],
): CallStory {
  const all = records.map(({ record }) => record)
  const of = (type: string): AuditRecord | undefined => all.findLast((one) => one.type === type)
  const intent = of('call.intent')
  const denied = of('call.denied')
  const outcome = of('call.outcome')
  const decided = intent ?? denied
  const head = decided ?? all[0]
  const person = (id: string | undefined) =>
    id === undefined || id === '' ? null : { id, name: people.known(id)?.name ?? null }
  return {
    who: whoOf(head, person),
    triggers: objectsOf(head?.body['trigger']).map((one) => ({
      ...one,
      by: textOf(one['by']) ?? 'unknown',
      how: textOf(one['how']) ?? 'unknown',
    })),
    authority: authorityOf(decided),
    decision: decisionOf(decided, denied, outcome),
    approval: approvalOf(all, person),
    sent: intent === undefined ? null : sentOf(intent, outcome),
    came_back: outcome === undefined ? null : cameBack(outcome),
    timings: numbersOf((outcome ?? denied)?.body['timings']),
    followed: followed(log, call, records),
    proof: records.map((one) => placeOf(log, one)),
  }
}

type Person = (id: string | undefined) => CallStory['who']['person']

function whoOf(head: AuditRecord | undefined, person: Person): CallStory['who'] {
  const body = head?.body ?? {}
  const agents = textsOf(body['lineage'])
  const instances = textsOf(body['delegators'])
  const delegations = textsOf(body['chain'])
  const claimed = objectOf(body['claimed'])
  const kind = textOf(body['credential_kind'])
  return {
    agent: head?.agent ?? null,
    instance: head?.instance ?? null,
    spiffe_id: textOf(body['spiffe_id']),
    person: person(head?.person),
    chain: agents.map((agent, at) => ({
      agent,
      instance: instances[at] ?? '',
      delegation: delegations[at] ?? '',
    })),
    credential:
      kind === null
        ? null
        : { kind, id: textOf(body['credential']), binding: textOf(body['binding']) },
    protocol: textOf(body['protocol']),
    session: textOf(body['session']),
    claimed: {
      client: textOf(claimed['client']),
      model: textOf(claimed['model']),
      request: textOf(claimed['request']),
    },
    model: textOf(body['model']),
    district: body['district'] === true,
  }
}

function authorityOf(decided: AuditRecord | undefined): CallStory['authority'] {
  const body = decided?.body ?? {}
  const decision = objectOf(body['decision'])
  return {
    task: decided?.task ?? textOf(body['task']),
    delegation: textOf(body['delegation']),
    policy_set: textOf(decision['policy_set']),
    parties: objectsOf(decision['parties']).map((party) => ({
      party: textOf(party['party']) ?? '',
      principal: textOf(party['principal']) ?? '',
      answer: textOf(party['answer']) ?? '',
      policies: textsOf(party['policies']),
      errors: textsOf(party['errors']),
      reason: textOf(party['reason']) ?? '',
    })),
    approval: textOf(body['approval']),
    set_aside: textsOf(body['set_aside']),
  }
}

function decisionOf(
  decided: AuditRecord | undefined,
  denied: AuditRecord | undefined,
  outcome: AuditRecord | undefined,
): CallStory['decision'] {
  const decision = objectOf(decided?.body['decision'])
  const reason = denied === undefined ? decision['reason'] : denied.body['reason']
  const determining = objectsOf(decision['parties']).find(
    ({ answer }) => answer === decision['answer'],
  )
  return {
    answer: textOf(decision['answer']) ?? (denied === undefined ? null : 'deny'),
    code: textOf(denied?.body['code']),
    reason: textOf(reason) ?? textOf(determining?.['reason']),
    because: textOf(denied?.body['because']),
    observed: decided?.body['observed'] === true,
    again: outcome?.body['decision'] !== undefined,
  }
}

const SAID: Readonly<Record<string, string>> = {
  'approval.agreed': 'agreed',
  'approval.approved': 'approved',
  'approval.denied': 'denied',
  'approval.refused': 'could not answer',
  'approval.expired': 'expired',
  'approval.voided': 'voided',
}

function approvalOf(records: readonly AuditRecord[], person: Person): CallStory['approval'] {
  const asked = records.find(({ type }) => type === 'approval.requested')
  if (asked === undefined) return null
  return {
    id: textOf(asked.body['approval']) ?? '',
    requested_at: asked.ts,
    gates: objectsOf(asked.body['gates']).map(({ name }) => textOf(name) ?? ''),
    said: records.flatMap((one) => {
      const what = SAID[one.type]
      return what === undefined ? [] : [{ what, person: person(one.person), at: one.ts }]
    }),
    consumed_at: records.find(({ type }) => type === 'approval.consumed')?.ts ?? null,
  }
}

function sentOf(intent: AuditRecord, outcome: AuditRecord | undefined): CallStory['sent'] {
  const { body, trace, ts } = intent
  const upstream = objectOf(body['upstream'])
  const kind = textOf(upstream['kind'])
  const span = objectOf(body['span'])
  return {
    at: ts,
    definition: textOf(body['definition']),
    effects: textsOf(body['effects']),
    arguments: textOf(body['arguments']),
    bytes: countOf(objectOf(body['reserved'])['bytes']),
    upstream:
      kind === null
        ? null
        : {
            kind,
            transport: textOf(upstream['transport']) ?? '',
            address: textOf(upstream['address']),
          },
    credentials: textsOf(outcome?.body['credentials']),
    trace: trace ?? null,
    span: textOf(span['id']),
    parent_span: textOf(span['parent']),
  }
}

function cameBack({ body, ts }: AuditRecord): CallStory['came_back'] {
  return {
    at: ts,
    status: textOf(body['status']) ?? '',
    executed: textOf(body['executed']),
    code: textOf(body['code']),
    reason: textOf(body['reason']),
    result: textOf(body['result']),
    bytes: countOf(body['result_bytes']) ?? countOf(body['bytes']),
    labels: textsOf(body['labels']),
    inspected: numbersOf(body['inspected']),
  }
}

function placeOf(log: StoryLog, { index, leaf, record }: LoggedRecord): CallStory['proof'][number] {
  const shard = shardAt(log.shards, index)
  return {
    type: record.type,
    index,
    leaf,
    shard: shard?.name ?? '',
    leaf_index: index - (shard?.base ?? 0),
    published: isPublished(log, index),
  }
}

/** Whether a proof of it can be had now. */
function isPublished(log: StoryLog, index: number): boolean {
  try {
    return log.proof(index) !== ''
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'audit.not_found') return false
    throw error
  }
}
