// Holds a record as an event of the Open Cybersecurity Schema Framework, version 1.8.0 (schema.ocsf.io/1.8.0).

import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { AuditRecord } from '../../wire/record.ts'
import type { ExportEvent } from './sink.ts'

const VERSION = '1.8.0'

/** What a class needs beside what every event has. */
interface Classified {
  readonly category: number
  readonly uid: number
  readonly activity: number
  readonly profiles?: readonly string[]
  readonly severity?: number
  readonly status?: number
  readonly attributes: JsonObject
}

/** The event of a record. Names stay out: people and subjects are the opaque ids that the record has. */
export function ocsfEvent(event: ExportEvent): JsonObject {
  const { record, index, leaf, origin } = event
  const {
    category,
    uid,
    activity,
    profiles = [],
    severity = 1,
    status,
    attributes,
  } = classify(record)
  const traced = record.trace === undefined ? [] : ['trace']
  return {
    activity_id: activity,
    // 99 is `Other`, which has to be named.
    ...(activity === 99 && { activity_name: record.action ?? record.type }),
    category_uid: category,
    class_uid: uid,
    type_uid: uid * 100 + activity,
    severity_id: severity,
    time: Date.parse(record.ts),
    message: record.type,
    ...(status !== undefined && { status_id: status }),
    ...(record.trace !== undefined && { trace: { uid: record.trace, ...spanOf(record) } }),
    metadata: {
      version: VERSION,
      product: { name: 'Bailiwick', vendor_name: 'Bailiwick' },
      profiles: [...profiles, ...traced],
      uid: record.id,
      sequence: index,
      log_name: origin,
      event_code: record.type,
      ...correlation(record),
    },
    ...attributes,
    unmapped: { record: { ...record }, leaf },
  }
}

/** By the class that says most about a record; what has no class of its own is an event of the log. */
function classify(record: AuditRecord): Classified {
  const [noun = ''] = record.type.split('.')
  if (noun === 'call' || record.type === 'system.asked') return apiActivity(record)
  if (noun === 'finding') return finding(record)
  if (noun === 'login' || noun === 'session') return authentication(record)
  if (record.type === 'refusals.unauthenticated') return refusals(record)
  if (record.type === 'gateway.start' || record.type === 'gateway.stop') return lifecycle(record)
  if (record.phase === 'admin' || record.phase === 'decision') {
    if (!LOG_NOUNS.includes(noun)) return entity(record)
  }
  return eventLog(record)
}

/** What is about the log itself. */
const LOG_NOUNS: readonly string[] = [
  'audit',
  'log',
  'export',
  'erasure',
  'traffic',
  'gateway',
  'backup',
]

/** Activities of API Activity by the effects of the action. */
function apiActivityOf(effects: readonly Json[]): number {
  if (effects.includes('destructive')) return 4
  if (effects.includes('write')) return 3
  return effects.includes('read') ? 2 : 99
}

const REFUSED: readonly string[] = ['call.denied']
const FAILED: readonly string[] = ['tool_error', 'upstream_error', 'unknown', 'cut', 'cancelled']

/** API Activity [6003] with the profile of a security control: what was asked of a system, and what the control did. */
function apiActivity(record: AuditRecord): Classified {
  const { body } = record
  const denied = REFUSED.includes(record.type)
  const status = text(body['status'])
  const failed = denied || (status !== undefined && FAILED.includes(status))
  const decision = isObject(body['decision']) ? body['decision'] : {}
  const policies = determining(decision)
  return {
    category: 6,
    uid: 6003,
    activity: apiActivityOf(list(body['effects'])),
    profiles: ['security_control'],
    severity: denied ? 2 : 1,
    status: record.phase === 'intent' ? 0 : failed ? 2 : 1,
    attributes: {
      actor: actor(record),
      api: {
        operation: record.action ?? record.type,
        ...(record.call !== undefined && { request: { uid: record.call } }),
        service: { name: record.system ?? record.gateway },
        ...(failed && { response: { error: text(body['code']) ?? status ?? 'unknown' } }),
      },
      src_endpoint: {
        name: record.agent ?? 'unknown',
        ...(record.instance !== undefined && { uid: record.instance }),
      },
      ...(record.system !== undefined && { dst_endpoint: { name: record.system } }),
      action_id: denied ? 2 : 1,
      disposition_id: disposition(record, denied),
      ...(denied && {
        is_alert: false,
        status_detail: text(body['reason']) ?? text(body['code']) ?? '',
      }),
      ...(policies[0] !== undefined && {
        policy: { uid: policies[0], version: text(decision['policy_set']) ?? '', is_applied: true },
      }),
      ...timing(record),
    },
  }
}

/** Blocked, Approved (a gate was lifted) or Allowed. */
function disposition(record: AuditRecord, denied: boolean): number {
  if (denied) return 2
  return record.body['approval'] === undefined ? 1 : 8
}

function timing(record: AuditRecord): JsonObject {
  const ms = record.body['duration_ms']
  if (typeof ms !== 'number') return {}
  const end = Date.parse(record.ts)
  return { duration: ms, start_time: end - ms, end_time: end }
}

/** Detection Finding [2004]. */
function finding(record: AuditRecord): Classified {
  const raised = record.type === 'finding.raised'
  const { body } = record
  const high = text(body['severity']) === 'high'
  return {
    category: 2,
    uid: 2004,
    activity: raised ? 1 : record.type === 'finding.closed' ? 3 : 2,
    severity: raised ? (high ? 4 : 3) : 1,
    attributes: {
      finding_info: {
        title: text(body['rule']) ?? record.type,
        uid: text(body['finding']) ?? record.id,
      },
      ...(raised && { is_alert: true }),
    },
  }
}

/** Authentication [3002]: people's sessions. */
function authentication(record: AuditRecord): Classified {
  return {
    category: 3,
    uid: 3002,
    activity: record.type === 'session.ended' ? 2 : 1,
    status: 1,
    attributes: { user: user(record), service: { name: record.gateway } },
  }
}

/** Authentication [3002]: those who were refused before they were anybody, counted. */
function refusals(record: AuditRecord): Classified {
  const total = record.body['total']
  return {
    category: 3,
    uid: 3002,
    activity: 1,
    severity: 2,
    status: 2,
    attributes: {
      user: { name: 'unauthenticated', type_id: 0 },
      service: { name: record.gateway },
      ...(typeof total === 'number' && { count: total }),
    },
  }
}

/** Application Lifecycle [6002]. */
function lifecycle(record: AuditRecord): Classified {
  return {
    category: 6,
    uid: 6002,
    activity: record.type === 'gateway.start' ? 3 : 4,
    attributes: { app: { name: 'Bailiwick', uid: record.gateway, vendor_name: 'Bailiwick' } },
  }
}

const CREATES =
  /\.(?:created|added|registered|applied|opened|issued|requested|pinned|given|enrolled)$/
const DELETES = /\.(?:removed|revoked|retired|left|closed|expired|ended|voided|cancelled)$/

/** Entity Management [3004]: every change of authority. */
function entity(record: AuditRecord): Classified {
  const [noun = ''] = record.type.split('.')
  const activity = CREATES.test(record.type) ? 1 : DELETES.test(record.type) ? 4 : 3
  const named = text(record.body[noun]) ?? record.agent ?? record.system ?? record.person
  return {
    category: 3,
    uid: 3004,
    activity,
    severity: noun === 'lock' ? 3 : 1,
    status: 1,
    attributes: {
      actor: actor(record),
      entity: { type: noun, name: named ?? noun, ...(named !== undefined && { uid: named }) },
    },
  }
}

/** Activities of Event Log Activity that are not Export (3) or Other (99): Delete, Rotate. */
const LOG_ACTIVITIES: Readonly<Record<string, number>> = {
  'log.exported': 3,
  'log.shard_closed': 5,
  'log.shard_dropped': 2,
}

/** Event Log Activity [1008]: the log about itself. */
function eventLog(record: AuditRecord): Classified {
  const exported = record.type.startsWith('export.') ? 3 : 99
  const activity = LOG_ACTIVITIES[record.type] ?? exported
  return {
    category: 1,
    uid: 1008,
    activity,
    attributes: {
      log_name: 'bailiwick',
      ...(record.person !== undefined && { actor: actor(record) }),
    },
  }
}

/** Who acted: the instance as an application, and the person that it was for. */
function actor(record: AuditRecord): JsonObject {
  const { agent, instance, person, body } = record
  const credential = text(body['credential'])
  return {
    ...(agent !== undefined && { app_name: agent }),
    ...(instance !== undefined && { app_uid: instance }),
    ...(person !== undefined && { user: user(record) }),
    ...(credential !== undefined && { session: { credential_uid: credential } }),
    ...(agent === undefined && person === undefined && { app_name: record.gateway }),
  }
}

function user({ person }: AuditRecord): JsonObject {
  return person === undefined ? { name: 'unknown', type_id: 0 } : { uid: person, type_id: 1 }
}

function correlation({ call, task }: AuditRecord): JsonObject {
  const uid = call ?? task
  return uid === undefined ? {} : { correlation_uid: uid }
}

function spanOf({ body }: AuditRecord): JsonObject {
  const span = isObject(body['span']) ? text(body['span']['id']) : undefined
  return span === undefined ? {} : { span: { uid: span } }
}

/** Policies that determined a decision, of all parties. */
function determining(decision: JsonObject): string[] {
  const parties = list(decision['parties']).filter(isObject)
  return parties.flatMap(({ policies }) => list(policies)).filter((id) => typeof id === 'string')
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}

function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
