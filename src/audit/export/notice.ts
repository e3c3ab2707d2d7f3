// Holds what people are told of a record where they are: who waits for them or what became of that, and locks; never arguments, never words of agents.

import { inert } from '../../std/inert.ts'
import type { Json, JsonObject } from '../../std/json.ts'
import type { ExportEvent } from './sink.ts'

/** Records that are told where nothing else is selected. */
export const NOTICED: readonly string[] = [
  'approval.requested',
  'approval.escalated',
  'approval.approved',
  'approval.denied',
  'approval.expired',
  'approval.voided',
  'lock.added',
  'lock.removed',
]

/** Characters of one name that came from somebody else. */
const MOST = 120

/** What people are told. Texts are inert, on one line each, and not escaped for any medium. */
export interface Notice {
  /** Type of the record. */
  readonly type: string
  readonly title: string
  /** Where to read and answer, behind a login; carries no authority. Absent: there is nothing to answer. */
  readonly url?: string
  /** When it was recorded, RFC 3339. */
  readonly at: string
  readonly agent?: string
  readonly system?: string
  readonly action?: string
  readonly approval?: string
}

const WORDS: Readonly<Record<string, string>> = {
  'approval.requested': 'waits for a person',
  'approval.approved': 'was approved',
  'approval.denied': 'was denied',
  'approval.expired': 'expired: nobody answered in time',
  'approval.voided': 'is void: its call is gone',
}

/**
 * What is told of a record; undefined where there is nothing to tell, or no longer: whoever was away is not asked for what has expired.
 * `link` is the address of the control listener as people reach it.
 */
export function noticeOf(
  { record }: ExportEvent,
  { link, now }: { readonly link: string; readonly now: number },
): Notice | undefined {
  const { type, ts: at, body } = record
  const base = { type, at }
  if (type === 'export.tested') return { ...base, title: 'this is a test: notices arrive here' }
  if (type.startsWith('lock.')) {
    const target = [body['kind'], body['name']].map(shown).filter((text) => text !== '')
    const did = type === 'lock.added' ? 'is locked' : 'is no longer locked'
    return { ...base, title: `${target.join(' ')} ${did}` }
  }
  const approval = shown(body['approval'])
  if (!type.startsWith('approval.') || approval === '') return undefined
  const words = wordsOf(type, body)
  const ends = body['expiresAt']
  const asks = type === 'approval.requested' || type === 'approval.escalated'
  if (words === undefined || (asks && typeof ends === 'number' && ends <= now)) return undefined
  const [agent, system, action] = [record.agent, record.system, record.action].map(shown)
  return {
    ...base,
    title: `${agent}: ${system}/${action} ${words}`,
    url: `${link}/approvals/${encodeURIComponent(approval)}`,
    agent: agent!,
    system: system!,
    action: action!,
    approval,
  }
}

function wordsOf(type: string, body: JsonObject): string | undefined {
  if (type === 'approval.escalated') return `was passed on to ${shown(body['to'])}`
  if (type === 'approval.requested' && body['ahead'] !== undefined) {
    return 'is asked for ahead, and waits for a person'
  }
  return WORDS[type]
}

/** A name as it may stand in any medium's text, before that medium's own escapes. */
function shown(value: Json | undefined): string {
  return typeof value === 'string' ? inert(value.slice(0, MOST).toWellFormed()) : ''
}
