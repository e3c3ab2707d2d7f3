// Holds the tree of a task or a trace: who worked on it, on whose authority, call by call, across agents and systems.

import type { LoggedRecord } from '../../audit/log-reader.ts'
import type { AuditRecord } from '../../wire/record.ts'
import type { AuditTrace, TraceNode } from '../../wire/api/story.ts'
import { fault } from '../../audit/faults.ts'
import type { ControlPorts } from '../ports.ts'
import { countOf, objectOf, objectsOf, textOf, textsOf } from './members.ts'
import {
  indexAt,
  matching,
  searched,
  timeOf,
  type Found,
  type StoryLog,
  type StorySearch,
} from './story-records.ts'

type People = Pick<ControlPorts['authority'], 'people'>
type Subject = AuditTrace['subject']

/** Records after the beginning that are looked through. */
const MOST_READ = 50_000
/** Clocks of gateways differ by a little: this much before is looked at too (ms). */
const MARGIN_MS = 5_000
/** How long a call without a task may go on to be followed (ms). */
const CALL_MS = 3_600_000

/**
 * Tells the tree of a task, of a call or of a trace. Tasks and traces are asked of the search, however old they are; where it does not answer,
 * the log is looked through from the task's beginning, or from `from` (ms since the epoch), within a bound that `complete` speaks of.
 * Throws `audit.not_found` where the log holds nothing of it.
 */
export async function traceOf(
  { people }: People,
  { log, search }: { readonly log: StoryLog; readonly search: StorySearch },
  id: string,
  from: number,
): Promise<AuditTrace> {
  const subject = await subjectOf(log, id)
  const found = await recordsOf(log, search, subject, from)
  if (found.records.length === 0) throw fault('audit.not_found', 'the log holds nothing of it')
  return { subject, nodes: treeOf(people, subject, found.records), complete: found.complete }
}

/** A call is shown in its task, else in its trace, else alone. */
async function subjectOf(log: StoryLog, id: string): Promise<Subject> {
  if (!id.includes('-')) return { kind: 'trace', id }
  const of = await log.byCall(id)
  if (of.length === 0) return { kind: 'task', id }
  const record = of.find((one) => taskOf(one.record) !== undefined)?.record
  const task = record && taskOf(record)
  return task === undefined ? { kind: 'call', id } : { kind: 'task', id: task }
}

async function recordsOf(
  log: StoryLog,
  search: StorySearch,
  { kind, id }: Subject,
  from: number,
): Promise<Found> {
  const found = kind === 'call' ? undefined : await searched(log, search, { terms: [[kind, id]] })
  if (found !== undefined) return found
  if (kind === 'task') {
    const index = await indexAt(log, timeOf(id) - MARGIN_MS)
    return matching(log, index, ({ record }) => taskOf(record) === id, { most: MOST_READ })
  }
  if (kind === 'trace') {
    const index = await indexAt(log, from)
    return matching(log, index, ({ record }) => record.trace === id, { most: MOST_READ })
  }
  return followedFrom(log, id)
}

/** A call without a task: its trace where it has one, and every call that was set off by one that is in already. */
async function followedFrom(log: StoryLog, id: string): Promise<Found> {
  const own = await log.byCall(id)
  const [first] = own
  if (first === undefined) return { records: [], complete: true }
  const calls = new Set([id])
  const { trace } = own.find(({ record }) => record.trace !== undefined)?.record ?? {}
  const wanted = ({ record }: LoggedRecord): boolean => {
    const { body, call } = record
    if (call === undefined) return false
    if (calls.has(call)) return true
    const after = objectsOf(body['trigger']).some((one) => isCause(one, calls))
    if (!after && (trace === undefined || record.trace !== trace)) return false
    calls.add(call)
    return true
  }
  const until = Date.parse(first.record.ts) + CALL_MS
  return matching(log, first.index, wanted, { until, most: MOST_READ })
}

/** What a system or an agent set off in the course of these calls; not merely what came next. */
function isCause(trigger: ReturnType<typeof objectOf>, calls: ReadonlySet<string>): boolean {
  const by = textOf(trigger['by'])
  const call = textOf(trigger['call'])
  return call !== null && calls.has(call) && trigger['how'] === 'observed' && by !== 'tool'
}

function taskOf({ body, task }: AuditRecord): string | undefined {
  if (task !== undefined) return task
  // Calls of version 1, and what is recorded of tasks themselves.
  return textOf(body['task']) ?? undefined
}

function treeOf(
  people: People['people'],
  subject: Subject,
  records: readonly LoggedRecord[],
): TraceNode[] {
  const nodes = new Map<string, TraceNode>()
  const root = rootOf(people, subject, records)
  nodes.set(root.id, root)
  for (const { record } of records) {
    const { call, type } = record
    if (call === undefined) continue
    if (type === 'call.intent' || type === 'call.denied' || type === 'approval.requested') {
      const above = instanceNode(nodes, record, root.id)
      const known = nodes.get(call)
      if (known === undefined) nodes.set(call, callNode(nodes, record, above, subject))
      else nodes.set(call, { ...known, ...decidedIn(record) })
    } else if (type === 'call.outcome') {
      const known = nodes.get(call)
      if (known !== undefined) nodes.set(call, { ...known, ...endOf(record) })
    }
  }
  return preorder([...nodes.values()])
}

function rootOf(
  people: People['people'],
  { id, kind }: Subject,
  records: readonly LoggedRecord[],
): TraceNode {
  const of = (type: string) => records.find(({ record }) => record.type === type)?.record
  const opened = of('task.opened')
  const ended = ['closed', 'cancelled', 'expired'].find((state) => of(`task.${state}`))
  const person = opened?.person
  const name = person === undefined ? null : (people.known(person)?.name ?? person)
  return {
    // The call itself hangs below, under its own id.
    kind: kind === 'call' ? 'trace' : kind,
    id: kind === 'call' ? (records.find(({ record }) => record.trace)?.record.trace ?? '') : id,
    parent: null,
    at: opened?.ts ?? records[0]?.record.ts ?? null,
    who: name,
    what: kind === 'task' ? (ended ?? 'open') : null,
    answer: null,
    status: null,
    duration_ms: null,
    trigger: null,
    claimed: false,
  }
}

/** The node of the instance that called, below the one that handed authority on to it. Returns its id. */
function instanceNode(nodes: Map<string, TraceNode>, record: AuditRecord, root: string): string {
  const { agent = '', body, instance, ts } = record
  if (instance === undefined) return root
  const agents = textsOf(body['lineage'])
  const instances = [...textsOf(body['delegators']), instance]
  let parent = root
  instances.forEach((id, at) => {
    if (!nodes.has(id)) {
      nodes.set(id, {
        kind: 'instance',
        id,
        parent,
        at: ts,
        who: agents[at] ?? agent,
        what: null,
        answer: null,
        status: null,
        duration_ms: null,
        trigger: null,
        claimed: false,
      })
    }
    parent = id
  })
  return instance
}

function callNode(
  nodes: ReadonlyMap<string, TraceNode>,
  record: AuditRecord,
  above: string,
  { kind }: Subject,
): TraceNode {
  const { action = '', agent = null, body, call = '', system = '', ts } = record
  const triggers = objectsOf(body['trigger'])
  // What a system called back for hangs below the call that it answered.
  const cause = triggers.find(({ by, how }) => by === 'system' && how === 'observed')
  const under = textOf(cause?.['call'])
  const [first] = triggers
  return {
    kind: 'call',
    id: call,
    parent: under !== null && under !== call && nodes.has(under) ? under : above,
    at: ts,
    who: agent,
    what: `${system}/${action}`,
    status: null,
    duration_ms: null,
    trigger: first === undefined ? null : `${textOf(first['by'])} ${textOf(first['how'])}`,
    claimed: kind !== 'task' && objectOf(body['span'])['claimed'] === true,
    ...decidedIn(record),
  }
}

function decidedIn(record: AuditRecord): Pick<TraceNode, 'answer'> & Partial<TraceNode> {
  const { body, type } = record
  if (type === 'approval.requested') return { answer: 'hold', status: 'held' }
  if (type === 'call.denied') {
    return { answer: 'deny', status: textOf(body['code']) ?? 'denied', ...durationOf(record) }
  }
  return { answer: textOf(objectOf(body['decision'])['answer']), status: null }
}

function endOf(record: AuditRecord): Partial<TraceNode> {
  return { status: textOf(record.body['status']), ...durationOf(record) }
}

function durationOf({ body }: AuditRecord): Partial<TraceNode> {
  const duration = countOf(body['duration_ms'])
  return duration === null ? {} : { duration_ms: duration }
}

/** Every node after the one that it hangs on, those of one in the order in which they came. */
function preorder(nodes: readonly TraceNode[]): TraceNode[] {
  const below = new Map<string | null, TraceNode[]>()
  for (const node of nodes) {
    const siblings = below.get(node.parent) ?? []
    siblings.push(node)
    below.set(node.parent, siblings)
  }
  const out: TraceNode[] = []
  const waiting = [...(below.get(null) ?? [])].reverse()
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    out.push(node)
    waiting.push(...[...(below.get(node.id) ?? [])].reverse())
  }
  return out
}
