// Holds the check for texts that are too long to be read, or laid out so that their end is not seen.

import { excerptAt } from './visible.ts'
import type { Look, Sign } from './sign.ts'

/** Characters of a description, of the instructions of a server, and of a name. */
const MAX_PROSE = 6_000
const MAX_INSTRUCTIONS = 20_000
const MAX_NAME = 96
/** Blanks and lines by which the rest of a text is moved out of sight. */
const MAX_BLANKS = 64
const MAX_LINES = 12

/** Where a text goes on after it was moved out of sight. */
function pushed(text: string): number | undefined {
  for (const { 0: run, index } of text.matchAll(/\s{12,}/g)) {
    const end = index + run.length
    const lines = run.split('\n')
    const far = lines.length > MAX_LINES || lines.some((line) => line.length >= MAX_BLANKS)
    if (far && end < text.length) return end
  }
  return undefined
}

/** Points out what is too long or out of sight. */
export function* length({ places }: Look): Generator<Sign> {
  for (const { place, text, kind } of places) {
    const prose = place === 'server, instructions' ? MAX_INSTRUCTIONS : MAX_PROSE
    const most = kind === 'name' ? MAX_NAME : prose
    if (text.length > most) {
      const message = `is longer than ${most} characters, more than anybody reads`
      yield { code: 'length', place, message, excerpt: excerptAt(text, text.length - 1) }
    }
    const at = pushed(text)
    if (at === undefined) continue
    const message = 'has its end moved out of sight by blanks'
    yield { code: 'length', place, message, excerpt: excerptAt(text.slice(at), 0, 80) }
  }
}
