// Holds how a plan is drawn: a line for each thing, a line for each member that differs.

import { lineJson } from '../terminal/json.ts'
import type { Surface } from '../terminal/table.ts'
import { visible } from '../terminal/visible.ts'
import type { Change } from './plan.ts'
import type { Tree } from './yaml.ts'

const MARKS = {
  create: ['green', '+'],
  update: ['yellow', '~'],
  retire: ['red', '-'],
} as const

function shown(value: Tree | undefined): string {
  if (value === undefined || value === null) return 'nothing'
  if (typeof value === 'string') return visible(value)
  if (!Array.isArray(value)) return lineJson(value)
  const list = value as readonly Tree[]
  return list.length === 0 ? 'none' : list.map(entry).join(', ')
}

/** An entry of a list: a role with its end and its reason, or whatever it is. */
function entry(value: Tree): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return shown(value)
  const { role, reason, expires, ...rest } = value as Readonly<Record<string, Tree>>
  if (typeof role !== 'string' || Object.keys(rest).length > 0) return lineJson(value)
  const end = typeof expires === 'string' ? ` until ${visible(expires)}` : ''
  const why = typeof reason === 'string' ? ` (${visible(reason)})` : ''
  return `${visible(role)}${end}${why}`
}

/** A plan for people. */
export function drawPlan(changes: readonly Change[], surface: Surface): string {
  if (changes.length === 0) return 'nothing differs\n'
  return changes
    .map(({ kind, name, action, members }) => {
      const [style, mark] = MARKS[action]
      const words = action === 'retire' ? ' is retired, for good' : ''
      const head = surface.paint(style, `${mark} ${kind} ${visible(name)}${words}`)
      const lines = members.map(({ member, from, to }) =>
        action === 'create'
          ? `    ${member}: ${shown(to)}\n`
          : `    ${member}: ${surface.paint('dim', shown(from))} → ${shown(to)}\n`,
      )
      return `${head}\n${action === 'retire' ? '' : lines.join('')}`
    })
    .join('')
}
