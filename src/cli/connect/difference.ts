// Holds what changes in a file as people see it: lines that go and lines that come, with every value of a credential cut out.

import { visible } from '../terminal/visible.ts'
import type { Surface } from '../terminal/table.ts'

/** Lines around a change. */
const AROUND = 1
/** Lines of one file that are shown. */
const MOST = 200
/** Lines that are compared one by one; beyond, all between the first and the last difference counts as changed. */
const COMPARED = 2_000

type Mark = ' ' | '-' | '+'

/** The longest common lines, the plain way; files are small where it counts. */
function compared(before: readonly string[], after: readonly string[]): [Mark, string][] {
  const [rows, columns] = [before.length, after.length]
  if (rows * columns > COMPARED * COMPARED) {
    return [
      ...before.map((one): [Mark, string] => ['-', one]),
      ...after.map((one): [Mark, string] => ['+', one]),
    ]
  }
  const lengths = Array.from({ length: rows + 1 }, () => new Uint32Array(columns + 1))
  for (let row = rows - 1; row >= 0; row--) {
    for (let column = columns - 1; column >= 0; column--) {
      lengths[row]![column] =
        before[row] === after[column]
          ? lengths[row + 1]![column + 1]! + 1
          : Math.max(lengths[row + 1]![column]!, lengths[row]![column + 1]!)
    }
  }
  const out: [Mark, string][] = []
  let [row, column] = [0, 0]
  while (row < rows || column < columns) {
    if (row < rows && column < columns && before[row] === after[column]) {
      out.push([' ', before[row]!])
      row++
      column++
    } else if (
      column >= columns ||
      (row < rows && lengths[row + 1]![column]! >= lengths[row]![column + 1]!)
    ) {
      out.push(['-', before[row++]!])
    } else out.push(['+', after[column++]!])
  }
  return out
}

/** The lines that differ, drawn; `secrets` are texts that are never shown. */
export function drawDifference(
  before: string,
  after: string,
  secrets: readonly string[],
  surface: Surface,
): string {
  const lines = (text: string): string[] => text.split(/\r?\n/)
  const [was, now] = [lines(before), lines(after)]
  let start = 0
  while (start < was.length && start < now.length && was[start] === now[start]) start++
  let end = 0
  while (
    end < was.length - start &&
    end < now.length - start &&
    was.at(-1 - end) === now.at(-1 - end)
  ) {
    end++
  }
  const from = Math.max(start - AROUND, 0)
  const to = Math.max(end - AROUND, 0)
  const all = compared(was.slice(from, was.length - to), now.slice(from, now.length - to))
  const near = all.map((_, at) =>
    all.slice(Math.max(at - AROUND, 0), at + AROUND + 1).some(([mark]) => mark !== ' '),
  )
  const hidden = [...secrets]
    .filter((secret) => secret.length >= 4)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
    .sort((a, b) => b.length - a.length)
  const shown = all.filter((_, at) => near[at]).slice(0, MOST)
  return shown
    .map(([mark, text]) => {
      const cut = hidden.reduce((line, secret) => line.replaceAll(secret, '•••'), text)
      const line = `${mark} ${visible(cut)}`
      if (mark === ' ') return `${line}\n`
      return `${surface.paint(mark === '-' ? 'red' : 'green', line)}\n`
    })
    .join('')
}
