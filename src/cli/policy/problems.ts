// Holds how problems of policies are drawn: file, line and column, what is wrong, and what was probably meant.

import type { Surface } from '../terminal/table.ts'
import { visible } from '../terminal/visible.ts'

/** A problem as the server and the desk tell it. */
export interface Told {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly code: string
  readonly message: string
  readonly help?: string | undefined
}

/** One line for each, and one more for help. Text of policies in it is made visible. */
export function drawProblems(
  problems: readonly Told[],
  word: 'error' | 'warning',
  surface: Surface,
): string {
  const colour = word === 'error' ? 'red' : 'yellow'
  return problems
    .map(({ file, line, column, code, message, help }) => {
      const place = visible(`${file}:${line}:${column}:`)
      const told = `${place} ${surface.paint(colour, `${word}:`)} ${visible(message)} ${surface.paint('dim', `(${code})`)}`
      return help === undefined ? `${told}\n` : `${told}\n    ${visible(help)}\n`
    })
    .join('')
}
