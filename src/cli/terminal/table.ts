// Holds tables: aligned columns, cut to the terminal where there is one, text of others made visible.

import type { Paint, Style } from './paint.ts'
import { visible } from './visible.ts'
import { cut, displayWidth, wrap } from './width.ts'

/** One cell: text of whatever source, and how to draw it. */
export type Cell = string | number | { readonly text: string; readonly style: Style }

/** The head of a column. One that is `whole` is never cut: ids are there to be copied. */
export type Head = string | { readonly title: string; readonly whole: true }

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
function fit(
  widths: readonly number[],
  whole: readonly boolean[],
  columns: number | undefined,
): number[] {
  const out = [...widths]
  if (columns === undefined) return out
  let over = out.reduce((sum, width) => sum + width, 0) + GAP * (out.length - 1) - columns
  while (over > 0) {
    const open = out.map((width, at) => (whole[at] === true ? 0 : width))
    const widest = open.indexOf(Math.max(...open))
    if (widest < 0 || open[widest]! <= LEAST) return out
    out[widest] = out[widest]! - 1
    over--
  }
  return out
}

/** Lines of a table with a head; every line ends in a line feed. */
export function table(
  head: readonly Head[],
  rows: readonly (readonly Cell[])[],
  surface: Surface,
): string {
  const body = rows.map((row) => row.map(drawn))
  const titles = head.map((each) => (typeof each === 'string' ? each : each.title))
  const natural = titles.map((title, at) =>
    Math.max(displayWidth(title), ...body.map((row) => displayWidth(row[at]?.text ?? ''))),
  )
  const whole = head.map((each) => typeof each !== 'string')
  const widths = fit(natural, whole, surface.columns)
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
  const title = line(titles.map((text) => ({ text, style: 'dim' })))
  return title + body.map(line).join('')
}

/** Lines of `label  value`, values aligned and wrapped to the terminal; an undefined value leaves its line out. */
export function fields(
  entries: readonly (readonly [label: string, value: Cell | undefined])[],
  surface: Surface,
): string {
  const width = Math.max(0, ...entries.map(([label]) => displayWidth(label))) + GAP
  const room = surface.columns === undefined ? Infinity : Math.max(surface.columns - width, LEAST)
  let out = ''
  for (const [label, value] of entries) {
    if (value === undefined) continue
    const { text, style } = drawn(value)
    let before = surface.paint('dim', label) + ' '.repeat(width - displayWidth(label))
    for (const line of wrap(text, room)) {
      out += `${before}${style === undefined ? line : surface.paint(style, line)}\n`
      before = ' '.repeat(width)
    }
  }
  return out
}
