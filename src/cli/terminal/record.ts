// Holds how records are shown: one a line as they come, in a table, and one whole.

import type { AuditEntry } from '../../wire/api/audit.ts'
import { prettyJson } from './json.ts'
import type { Style } from './paint.ts'
import { fields, table, type Cell, type Surface } from './table.ts'
import { visible } from './visible.ts'
import { when } from './when.ts'

const BAD = /denied|revoked|reused|deviat|failed|expired/

function styleOf(entry: AuditEntry): Style | undefined {
  const { type, body } = entry.record
  if (BAD.test(type)) return 'red'
  const status = body['status']
  if (status === 'ok') return 'green'
  return status === undefined ? undefined : 'yellow'
}

/** What a record is about: the call's system and action, or the noun that it names. */
function subject(entry: AuditEntry): string {
  const { system, action, body } = entry.record
  if (system !== undefined) return action === undefined ? system : `${system}/${action}`
  const name = body['name']
  return typeof name === 'string' ? name : ''
}

/** The one thing that matters most in a record's body. */
function gist(entry: AuditEntry): string {
  const { body } = entry.record
  const decision = body['decision']
  const answer =
    typeof decision === 'object' && decision !== null && 'answer' in decision
      ? decision.answer
      : undefined
  const parts = [body['code'], body['status'], body['state'], answer, body['reason']]
  return parts.filter((part) => typeof part === 'string').join(' · ')
}

function person(entry: AuditEntry): string {
  return entry.person_name ?? entry.record.person ?? ''
}

function typeCell(entry: AuditEntry): Cell {
  const style = styleOf(entry)
  const text = entry.record.type
  return style === undefined ? text : { text, style }
}

/** A table of records, in the order given. */
export function drawEntries(entries: readonly AuditEntry[], surface: Surface, now: number): string {
  return table(
    ['INDEX', 'TIME', 'TYPE', 'AGENT', 'FOR', 'ABOUT', 'WHAT', { title: 'CALL', whole: true }],
    entries.map((entry) => [
      entry.index ?? 'spooled',
      when(entry.record.ts, now),
      typeCell(entry),
      entry.record.agent ?? '',
      person(entry),
      subject(entry),
      gist(entry),
      entry.record.call ?? '',
    ]),
    surface,
  )
}

/** One record in one line. */
export function entryLine(entry: AuditEntry, surface: Surface, now: number): string {
  return `${surface.paint('dim', when(entry.record.ts, now))}  ${entryText(entry, surface)}`
}

/** One record in one line, without its time. */
export function entryText(entry: AuditEntry, surface: Surface): string {
  const { record } = entry
  const type = visible(record.type).padEnd(18)
  const style = styleOf(entry)
  const who = [record.agent, person(entry)].filter((part) => part !== undefined && part !== '')
  return [
    style === undefined ? type : surface.paint(style, type),
    visible(who.join(' for ')),
    visible(subject(entry)),
    visible(gist(entry)),
    surface.paint('dim', visible(record.call ?? '')),
  ]
    .filter((part) => part !== '')
    .join('  ')
}

/** One record whole. */
export function drawRecord(entry: AuditEntry, surface: Surface, now: number): string {
  const { record } = entry
  const head = fields(
    [
      ['record', record.id],
      ['index', entry.index ?? 'not in the log yet; durable in the spool'],
      ['leaf', entry.leaf],
      ['time', when(record.ts, now)],
      ['type', typeCell(entry)],
      ['agent', record.agent],
      ['instance', record.instance],
      ['person', record.person === undefined ? undefined : `${person(entry)} (${record.person})`],
      ['system', record.system],
      ['action', record.action],
      ['call', record.call],
      ['answers', record.ref],
    ],
    surface,
  )
  return `${head}${surface.paint('dim', 'body')}\n${prettyJson(record.body)}\n`
}
