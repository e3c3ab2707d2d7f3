// Holds all checks of definitions, and the list of what they point out. No model is asked, and nobody outside.

import { encoded } from './encoded.ts'
import { fetching } from './fetching.ts'
import { hints } from './hints.ts'
import { instructions } from './instructions.ts'
import { invisible } from './invisible.ts'
import { length } from './length.ts'
import { lookalike } from './lookalike.ts'
import { markup } from './markup.ts'
import { mixedScript } from './mixed-script.ts'
import { placesOf } from './places.ts'
import { shadowing } from './shadowing.ts'
import type { Check, Looked, Sign } from './sign.ts'

const CHECKS: readonly Check[] = [
  invisible,
  instructions,
  shadowing,
  lookalike,
  mixedScript,
  markup,
  encoded,
  length,
  hints,
  fetching,
]

/** Signs of one system that are told; more would not be read. */
const MAX_SIGNS = 200

/** Characters of one text that are looked at. */
const MAX_LOOKED = 100_000

/** What should be looked at twice in a system, among the others that agents know. Pure. */
export function signsOf(system: Looked, others: readonly Looked[]): Sign[] {
  // What is longer is pointed out as that, and its beginning is looked at.
  const places = placesOf(system).map((one) => ({ ...one, text: one.text.slice(0, MAX_LOOKED) }))
  const look = { system, places, others }
  const out: Sign[] = []
  for (const check of CHECKS) {
    for (const sign of check(look)) {
      if (out.length >= MAX_SIGNS) return out
      out.push(sign)
    }
  }
  return out
}
