// Holds the check for markup that hides text, or that has something fetched where a description is shown.

import { excerptAt } from './visible.ts'
import type { Look, Sign } from './sign.ts'

const PATTERNS: readonly (readonly [pattern: RegExp, message: string])[] = [
  [/<!--/, 'holds a comment, which is not shown where markup is drawn'],
  [/\[\/\/\]:\s*#/, 'holds a comment, which is not shown where markup is drawn'],
  [
    /<(?:script|iframe|img|object|embed|svg|style|link|meta|form)\b/i,
    'holds markup that does something',
  ],
  [/!\[[^\]\n]{0,200}\]\(\s*https?:/i, 'holds an image that is fetched where it is drawn'],
  [/\]\(\s*(?:javascript|data|vbscript):/i, 'holds a link that runs something'],
  [
    /(?:display\s*:\s*none|font-size\s*:\s*0|color\s*:\s*(?:white|transparent))/i,
    'hides text by its style',
  ],
]

/** Points out markup. */
export function* markup({ places }: Look): Generator<Sign> {
  for (const { place, text, kind } of places) {
    if (kind === 'name') continue
    for (const [pattern, message] of PATTERNS) {
      const at = text.search(pattern)
      if (at >= 0) yield { code: 'markup', place, message, excerpt: excerptAt(text, at) }
    }
  }
}
