// Holds how held calls are shown to whoever decides on them: the real arguments, with nothing hidden.

import type { Approval, ApprovalSummary } from '../../wire/api/approval.ts'
import { amendmentText } from './amendment.ts'
import { prettyJson } from './json.ts'
import { fields, table, type Cell, type Surface } from './table.ts'
import { basisWords, UNUSUAL_WORDS } from '../../wire/unusual.ts'
import { countHidden, visible } from './visible.ts'
import { relative, when } from './when.ts'

const STATE_STYLE = {
  pending: 'yellow',
  approved: 'green',
  consumed: 'green',
  denied: 'red',
  expired: 'dim',
  void: 'dim',
} as const

function state(approval: ApprovalSummary): Cell {
  return { text: approval.state, style: STATE_STYLE[approval.state] }
}

/** A table of held calls. */
export function drawApprovals(
  approvals: readonly ApprovalSummary[],
  surface: Surface,
  now: number,
): string {
  return table(
    [
      { title: 'APPROVAL', whole: true },
      'STATE',
      'AGENT',
      'FOR',
      'CALL',
      'EFFECTS',
      'ASKED',
      'EXPIRES',
    ],
    approvals.map((approval) => [
      approval.id,
      state(approval),
      approval.agent,
      approval.person ?? 'nobody',
      `${approval.system}/${approval.action}`,
      approval.effects.join(' ') || 'unlabelled',
      relative(Date.parse(approval.asked_at), now),
      relative(Date.parse(approval.expires_at), now),
    ]),
    surface,
  )
}

/** Strings of a tree, keys included. */
function* texts(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value
  else if (typeof value === 'object' && value !== null) {
    for (const [key, entry] of Object.entries(value)) {
      if (!Array.isArray(value)) yield key
      yield* texts(entry)
    }
  }
}

function hidden(input: unknown): number {
  let count = 0
  for (const text of texts(input)) count += countHidden(text)
  return count
}

function agreedBy({
  name,
  read_ms,
  for_task,
}: Approval['gates'][number]['agreed_by'][number]): string {
  const look = read_ms === null ? 'without a look' : `after ${Math.round(read_ms / 1000)} s`
  if (for_task === undefined) return `${name} (${look})`
  const minutes = Math.round(for_task.for_s / 60)
  return `${name} (${look}; for the task: ${for_task.count} calls, ${minutes} min)`
}

function aheadText({ ahead }: Approval): string | undefined {
  if (ahead === undefined) return undefined
  return `${ahead.count} calls within ${Math.round(ahead.for_s / 60)} min, none of them made yet`
}

/** Everything that somebody needs in order to decide. */
export function drawApproval(approval: Approval, surface: Surface, now: number): string {
  const gates = approval.gates.map((gate) => {
    const agreed =
      gate.agreed_by.length === 0 ? '' : `, agreed by ${gate.agreed_by.map(agreedBy).join(', ')}`
    const why = gate.reason === undefined ? '' : `: ${gate.reason}`
    const more = gate.missing > 1 ? `, ${gate.missing} more` : ''
    const yours = gate.yours ? ' (yours)' : ''
    const passed = gate.escalated.map(
      ({ to, by, reason }) => `, passed on to ${to} by ${by}: ${reason}`,
    )
    const others =
      gate.escalates_to.length === 0
        ? ''
        : `, may be passed on to ${gate.escalates_to.join(' or ')}`
    return `${gate.asks} (policy ${gate.policy})${why}${agreed}${more}${yours}${passed.join('')}${others}`
  })
  const head = fields(
    [
      ['approval', approval.id],
      ['state', state(approval)],
      ['agent', approval.agent],
      ['instance', approval.instance],
      ['on behalf of', approval.person ?? 'nobody'],
      ['task', approval.task?.intent],
      ['call', { text: `${approval.system}/${approval.action}`, style: 'bold' }],
      ['asked ahead', aheadText(approval)],
      ['the agent says', approval.asks?.why],
      ...(approval.asks?.loosen ?? []).map((text): [string, Cell] => ['may differ', text]),
      [
        'effects',
        approval.effects.join(' ') || { text: 'unlabelled: any effect', style: 'yellow' },
      ],
      ['held because', approval.reason],
      ...gates.map((gate): [string, Cell] => ['gate', gate]),
      [
        'similar',
        approval.similar === 0 ? undefined : `${approval.similar} more wait for the same`,
      ],
      ...approval.amendments.map((one): [string, Cell] => [
        'for the task',
        amendmentText(one, now),
      ]),
      ['asked', when(approval.asked_at, now)],
      ['expires', when(approval.expires_at, now)],
      ['answered by', approval.answered_by],
      ['answer', approval.answer],
      ['page', approval.url],
      ['situation', approval.situation],
    ],
    surface,
  )
  return head + drawInput(approval.input, surface) + drawUnusual(approval.unusual, surface)
}

function drawUnusual(unusual: Approval['unusual'], surface: Surface): string {
  if (unusual === null) return ''
  const marks = unusual.marks.map(({ path, kind, before }) => {
    const words = surface.paint('yellow', `${visible(path)} ${UNUSUAL_WORDS[kind]}`)
    return `${words} (${visible(before)})\n`
  })
  const none = marks.length === 0 ? 'nothing unusual: ' : ''
  return `${surface.paint('dim', 'unusual')}\n${marks.join('')}${none}${basisWords(unusual)}\n`
}

function drawInput(input: Approval['input'], surface: Surface): string {
  if (input === null) {
    return `${surface.paint('dim', 'arguments')}  no longer shown: this approval is final\n`
  }
  const count = hidden(input)
  const warning =
    count === 0
      ? ''
      : `${surface.paint('yellow', `warning: ${count} invisible or direction-changing characters, written as \\u escapes below`)}\n`
  return `${surface.paint('dim', 'arguments')}\n${warning}${prettyJson(input)}\n`
}
