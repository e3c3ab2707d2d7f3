// Holds the check for words that mix scripts: Latin letters with others that look like them.

import { excerptAt } from './visible.ts'
import type { Look, Sign } from './sign.ts'

const WORD = /\p{L}[\p{L}\p{M}]*/gu
const LATIN = /\p{Script=Latin}/u
const LIKE_LATIN = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u
/** Units and formulas (`µs`, `Ωm`) are short. */
const MIN_LENGTH = 4

/** Points out words that mix scripts. */
export function* mixedScript({ places }: Look): Generator<Sign> {
  for (const { place, text } of places) {
    for (const { 0: word, index } of text.matchAll(WORD)) {
      if (word.length < MIN_LENGTH || !LATIN.test(word) || !LIKE_LATIN.test(word)) continue
      const message = 'has a word of letters of several scripts, which look alike'
      yield { code: 'mixed-script', place, message, excerpt: excerptAt(text, index, word.length) }
      break
    }
  }
}
