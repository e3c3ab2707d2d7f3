// Holds colour: only where a person looks at a terminal and did not ask for none (https://no-color.org).

import type { Screenable } from '../shell.ts'

const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const

/** A way to draw. */
export type Style = keyof typeof CODES

/** Draws a text in a style, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string

/** Leaves every text as it is. */
export const plain: Paint = (_style, text) => text

/** How to draw on a stream: `NO_COLOR` (not empty), `TERM=dumb` and anything but a terminal mean plain text. */
export function paintFor(
  stream: Screenable,
  env: Readonly<Record<string, string | undefined>>,
): Paint {
  const none = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb'
  if (stream.isTTY !== true || none) return plain
  return (style, text) => `\u001b[${CODES[style][0]}m${text}\u001b[${CODES[style][1]}m`
}
