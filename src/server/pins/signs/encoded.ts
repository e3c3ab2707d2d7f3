// Holds the check for text in another coding: nobody reads it, and a model may.

import { excerptAt } from './visible.ts'
import type { Look, Sign } from './sign.ts'

/** Longer than identifiers, digests and the alphabets that schemas name. */
const BLOBS = [
  /(?<![A-Za-z0-9+/_-])(?=[A-Za-z0-9+/_-]*[a-z])(?=[A-Za-z0-9+/_-]*[A-Z])(?=[A-Za-z0-9+/_-]*[0-9])[A-Za-z0-9+/_-]{72,}={0,2}/,
  /\b(?:[0-9a-f]{2}[ :]?){65,}\b/i,
  /\bdata:[a-z0-9.+-]+\/[a-z0-9.+-]+[;,]/i,
  /(?:\\[ux][0-9a-f]{2,4}){6,}/i,
  /(?:%[0-9a-f]{2}){12,}/i,
  /(?:&#x?[0-9a-f]{1,6};){6,}/i,
]

/** Patterns of schemas are code: what looks coded there is. */
const PATTERN = /\/(?:pattern|\$ref|\$id|\$schema|format)$/

/** Points out what is coded. */
export function* encoded({ places }: Look): Generator<Sign> {
  for (const { place, text, kind } of places) {
    if (kind === 'name' || PATTERN.test(place)) continue
    for (const blob of BLOBS) {
      const found = blob.exec(text)
      if (found === null) continue
      const message = 'holds text in a coding that people do not read'
      yield {
        code: 'encoded',
        place,
        message,
        excerpt: excerptAt(text, found.index, found[0].length),
      }
      break
    }
  }
}
