// Holds how the actions of a system are shown to whoever labels them.

import type { Action } from '../../wire/api/system.ts'
import type { Effect } from '../../wire/effect.ts'
import { table, type Cell, type Surface } from './table.ts'

const GRAVE: ReadonlySet<Effect> = new Set(['destructive', 'external', 'spend', 'privileged'])

/** Effect labels as a cell; none count as every effect (INV-2). */
function effectsCell(effects: readonly Effect[]): Cell {
  if (effects.length === 0) return { text: 'unlabelled: every effect', style: 'red' }
  const text = effects.join(' ')
  if (effects.some((effect) => GRAVE.has(effect))) return { text, style: 'red' }
  return { text, style: effects.includes('write') ? 'yellow' : 'green' }
}

/** A table of actions; `changes` marks what differs from what is pinned now. */
export function drawActions(
  actions: readonly Action[],
  surface: Surface,
  changes: ReadonlyMap<string, string> = new Map(),
): string {
  const marked = changes.size > 0
  return table(
    ['ACTION', 'EFFECTS', ...(marked ? ['CHANGE'] : []), 'WHAT IT SAYS OF ITSELF'],
    actions.map((action) => [
      action.name,
      effectsCell(action.effects),
      ...(marked ? [changeCell(changes.get(action.name))] : []),
      firstLine(action.description ?? action.title ?? ''),
    ]),
    surface,
  )
}

function changeCell(change: string | undefined): Cell {
  return change === undefined ? '' : { text: change, style: 'yellow' }
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0]!
}
