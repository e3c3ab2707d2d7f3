// Holds how approvals for a task are drawn: how much is left of each, and what it covers.

import type { Amendment, AmendmentShown } from '../../wire/api/amendment.ts'
import { prettyJson } from './json.ts'
import { fields, table, type Cell, type Surface } from './table.ts'
import { relative, when } from './when.ts'

/** One in a line: how much is left of it. */
export function amendmentText(
  { id, state, used, count, expires_at }: Amendment,
  now: number,
): Cell {
  const left = `${used} of ${count} used`
  if (state !== 'active') return { text: `${id}: ${state}, ${left}`, style: 'dim' }
  return `${id}: ${left}, ends ${relative(Date.parse(expires_at), now)}`
}

/** A table of them. */
export function drawAmendments(
  amendments: readonly Amendment[],
  surface: Surface,
  now: number,
): string {
  return table(
    [{ title: 'AMENDMENT', whole: true }, 'STATE', 'AGENT', 'CALL', 'POLICY', 'BY', 'USED', 'ENDS'],
    amendments.map((one) => [
      one.id,
      { text: one.state, style: one.state === 'active' ? 'green' : 'dim' },
      one.agent,
      `${one.system}/${one.action}`,
      one.policy,
      one.agreed_by.join(', '),
      `${one.used} of ${one.count}`,
      relative(Date.parse(one.expires_at), now),
    ]),
    surface,
  )
}

/** One with what it covers. */
export function drawAmendment(of: AmendmentShown, surface: Surface, now: number): string {
  const { bounds, ended } = of
  const head = fields(
    [
      ['amendment', of.id],
      ['state', ended === null ? of.state : `${of.state}: ${ended.reason}`],
      ['approval', of.approval],
      ['task', of.task],
      ['agent', of.agent],
      ['call', { text: `${of.system}/${of.action}`, style: 'bold' }],
      ['gate', `${of.gate} (policy ${of.policy})`],
      ['agreed by', of.agreed_by.join(', ')],
      ['used', `${of.used} of ${of.count}`],
      ['given', when(of.given_at, now)],
      ['ends', when(of.expires_at, now)],
      ...(bounds?.loosen ?? []).flatMap((texts, at): [string, Cell][] =>
        texts.map((text) => [`${of.agreed_by[at] ?? 'one'} allows`, text]),
      ),
    ],
    surface,
  )
  if (bounds === null) return head
  return `${head}${surface.paint('dim', 'arguments')}\n${prettyJson(bounds.input)}\n`
}
