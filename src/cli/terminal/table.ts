// Holds tables: aligned columns, cut to the terminal where there is one, text of others made visible.

import type { Paint, Style } from './paint.ts'
import { visible } from './visible.ts'
import { cut, displayWidth } from './width.ts'

/** One cell: text of whatever source, and how to draw it. */
export type Cell = string | number | { readonly text: string; readonly style: Style }

/** Where a table is drawn. */
export interface Surface {
  readonly paint: Paint
  /** Columns of the terminal; undefined where nothing is cut. */
  readonly columns?: number
}

const GAP = 2
/** A column is never cut to less than this. */
const LEAST = 8

interface Drawn {
  readonly text: string
  readonly style?: Style
}

function drawn(cell: Cell): Drawn {
  if (typeof cell === 'object') return { text: visible(cell.text), style: cell.style }
  return { text: visible(String(cell)) }
}

/** Takes from the widest column again and again until the table fits, or no column can give any more. */
function fit(widths: readonly number[], columns: number | undefined): number[] {
  const out = [...widths]
  if (columns === undefined) return out
  let over = out.reduce((sum, width) => sum + width, 0) + GAP * (out.length - 1) - columns
  while (over > 0) {
    const widest = out.indexOf(Math.max(...out))
    if (widest < 0 || out[widest]! <= LEAST) return out
    out[widest] = out[widest]! - 1
    over--
  }
  return out
}

/** Lines of a table with a head; every line ends in a line feed. */
export function table(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  surface: Surface,
): string {
  const body = rows.map((row) => row.map(drawn))
  const natural = head.map((title, at) =>
    Math.max(displayWidth(title), ...body.map((row) => displayWidth(row[at]?.text ?? ''))),
  )
  const widths = fit(natural, surface.columns)
  const line = (cells: readonly Drawn[]): string => {
    const parts = widths.map((width, at) => {
      const cell = cells[at] ?? { text: '' }
      const text = cut(cell.text, width)
      const last = at === widths.length - 1
      const space = last ? '' : ' '.repeat(width - displayWidth(text) + GAP)
      return (cell.style === undefined ? text : surface.paint(cell.style, text)) + space
    })
    return `${parts.join('').trimEnd()}\n`
  }
  const title = line(head.map((text) => ({ text, style: 'dim' })))
  return title + body.map(line).join('')
}

/** Lines of `label  value`, values aligned; an undefined value leaves its line out. */
export function fields(
  entries: readonly (readonly [label: string, value: Cell | undefined])[],
  surface: Surface,
): string {
  const width = Math.max(0, ...entries.map(([label]) => displayWidth(label)))
  let out = ''
  for (const [label, value] of entries) {
    if (value === undefined) continue
    const { text, style } = drawn(value)
    const space = ' '.repeat(width - displayWidth(label) + GAP)
    out += surface.paint('dim', label) + space
    out += `${style === undefined ? text : surface.paint(style, text)}\n`
  }
  return out
}
