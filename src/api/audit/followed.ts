// Holds what followed from a call: what it set off, as the records that came after it say.

import type { LoggedRecord } from '../../audit/log-reader.ts'
import type { CallStory } from '../../wire/api/story.ts'
import { objectsOf, textOf } from './members.ts'
import { onward, type StoryLog } from './story-records.ts'

/** Records after a call that are looked at, for how long after it (ms), and what is told of them at most. */
const MOST_READ = 5_000
const WINDOW_MS = 3_600_000
const MOST_TOLD = 50

type Followed = CallStory['followed']

/** Looks through the records after a call for what names it, and for findings and locks about its instance. */
export function followed(log: StoryLog, call: string, records: readonly LoggedRecord[]): Followed {
  const first = records[0]
  if (first === undefined) return { items: [], complete: true }
  const items: Followed['items'] = []
  const told = new Set<string>()
  const last = Date.parse(records.at(-1)?.record.ts ?? first.record.ts)
  const bounds = { until: last + WINDOW_MS, most: MOST_READ }
  const reading = onward(log, first.index + 1, bounds)
  for (let next = reading.next(); ; next = reading.next()) {
    if (next.done === true) return { items, complete: next.value }
    const item = itemOf(next.value, call, first.record)
    if (item === undefined || told.has(item.id)) continue
    if (items.length >= MOST_TOLD) return { items, complete: false }
    told.add(item.id)
    items.push(item)
  }
}

function itemOf(
  { record }: LoggedRecord,
  call: string,
  about: LoggedRecord['record'],
): Followed['items'][number] | undefined {
  const { agent = '', body, call: of, instance, system = '', action = '', ts, type } = record
  if (type === 'call.intent' || type === 'call.denied') {
    const trigger = objectsOf(body['trigger']).find((one) => textOf(one['call']) === call)
    if (trigger === undefined || of === undefined || of === call) return undefined
    const answer = type === 'call.denied' ? 'denied' : 'went out'
    const why = `${textOf(trigger['by']) ?? ''}, ${textOf(trigger['how']) ?? ''}`
    return { kind: 'call', id: of, at: ts, why, what: `${agent} ${system}/${action} ${answer}` }
  }
  if (type === 'finding.raised' && instance !== undefined && instance === about.instance) {
    const rule = textOf(body['rule']) ?? ''
    const id = textOf(body['finding']) ?? ''
    return { kind: 'finding', id, at: ts, why: 'about the same instance', what: rule }
  }
  if (type === 'lock.added') {
    const name = textOf(body['name'])
    if (name === null) return undefined
    if (name !== about.instance && name !== about.agent && name !== about.task) return undefined
    const id = textOf(body['lock']) ?? ''
    const what = `${textOf(body['kind']) ?? ''} ${name}`
    return { kind: 'lock', id, at: ts, why: 'on who called', what }
  }
  return undefined
}
