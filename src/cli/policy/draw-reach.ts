// Holds how the reach of an agent is drawn: the ways in which it can act, then each action with what bounds it.

import type { ReachAnswer } from '../../wire/api/reach.ts'
import type { Surface } from '../terminal/table.ts'
import { visible } from '../terminal/visible.ts'

type Action = ReachAnswer['actions'][number]

const GRAVE: ReadonlySet<string> = new Set([
  'destructive',
  'external',
  'spend',
  'privileged',
  'opaque',
])
/** Triggers of one action that are named. */
const SHOWN = 8

function wayLine({ kind, person, task, shut }: ReachAnswer['ways'][number]): string {
  const whom = person === null ? 'on nobody’s behalf' : `on behalf of ${person}`
  const how = kind === 'person' ? ', if that were delegated' : ''
  const what = task === null ? 'without a task' : `on “${task.intent}”`
  return shut === null ? `${whom}${how}, ${what}` : `${whom}${how}: nothing now, ${shut}`
}

function actionLines(action: Action, surface: Surface): string[] {
  const grave = [...action.effects, ...action.triggered].some((label) => GRAVE.has(label))
  const mark =
    action.gates.length > 0
      ? surface.paint('yellow', 'gated')
      : action.bounds.length > 0
        ? surface.paint('yellow', 'limited')
        : surface.paint(grave ? 'red' : 'green', 'open')
  const returns = action.labels.length === 0 ? '' : `, returns ${action.labels.join(' ')}`
  const lines = [
    `${visible(action.action)}  ${action.effects.join(' ')}${visible(returns)}  ${mark}`,
  ]
  lines.push(`    by ${visible(action.permits.join(', '))}`)
  for (const { name, policy, always } of action.gates) {
    lines.push(`    ${always ? 'always' : 'perhaps'} held for ${visible(`${name} (${policy})`)}`)
  }
  for (const { policy, effect, kind, text } of action.bounds) {
    const word = effect === 'permit' ? 'allowed' : 'refused'
    lines.push(
      `    ${word} ${kind === 'when' ? 'where' : 'unless'} ${visible(`${text} (${policy})`)}`,
    )
  }
  if (action.sets_off.length > 0) {
    const more = action.sets_off.length - SHOWN
    const named = action.sets_off.slice(0, SHOWN).join(' ')
    const rest = more > 0 ? ` and ${more} more` : ''
    lines.push(`    sets off ${visible(named)}${rest} (${action.triggered.join(' ')})`)
  }
  return lines
}

/** The whole answer for a terminal. */
export function drawReach(answer: ReachAnswer, surface: Surface): string {
  const roles = answer.roles.length === 0 ? 'no roles' : `roles ${answer.roles.join(' ')}`
  const head = `${surface.paint('bold', visible(answer.agent))} (${answer.state}, ${visible(roles)})`
  const ways = answer.ways.map((way) => `  acts ${visible(wayLine(way))}`)
  if (answer.more_ways > 0) ways.push(`  and in ${answer.more_ways} more ways, not looked at`)
  if (answer.ways.length === 0) ways.push('  cannot act: nothing is delegated to it')
  const closed = answer.closed.map(({ system, why }) => `  ${visible(system)}: nothing, ${why}`)
  const actions = answer.actions.flatMap((action) =>
    actionLines(action, surface).map((line) => `  ${line}`),
  )
  const none = answer.actions.length === 0 ? ['  reaches no action'] : []
  return `${[head, ...ways, ...closed, ...actions, ...none].join('\n')}\n`
}
