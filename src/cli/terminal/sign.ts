// Holds how the signs in definitions are shown: what is to be looked at twice, where it stands, and the piece of text.

import type { Sign } from '../../wire/api/system.ts'
import type { Surface } from './table.ts'
import { visible } from './visible.ts'

/** Two lines for each; nothing where there is none. */
export function drawSigns(signs: readonly Sign[], surface: Surface): string {
  if (signs.length === 0) return ''
  const lines = signs.map(({ code, place, message, excerpt }) => {
    const head = `${surface.paint('yellow', `${visible(code)}:`)} ${visible(`${place} ${message}`)}\n`
    return `${head}    ${surface.paint('dim', visible(excerpt))}\n`
  })
  return `${surface.paint('bold', 'to be looked at twice')}\n${lines.join('')}`
}
